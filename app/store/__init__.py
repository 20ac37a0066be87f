"""What tieout remembers, and the only code that writes it.

Three homes: the lake (facts as the sources said them, Delta and raw pages), the match state (what
the reconcilers have worked out, one DuckDB file, rebuildable) and the SQL store (decisions and
control).
"""

from app.store.landing import Store

__all__ = ["Store"]
