"""The Odoo that the simulated group runs: how it is asked, and what it keeps."""
