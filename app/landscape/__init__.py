"""The landscape: what a company wrote about its plants, sources and rules, read and checked."""
