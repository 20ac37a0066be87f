"""The life of an exception. Pure: facts and decisions in, what to do next out."""
