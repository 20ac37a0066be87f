"""The facts of a simulated group as Parquet files, without servers and without collecting.

A workload: any size by plants, days and scale, the same bytes for the same wish, in memory that
depends on the days and the scale alone. Each system of a division hears what happens and writes it
down as ever; the packs' own mappings make facts of that. The middleware is not told of,
nor the list of failed postings.
"""

from app.demo.lake.writing import FaultsError, Wish, Written, write

__all__ = ["FaultsError", "Wish", "Written", "write"]
