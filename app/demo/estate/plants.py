"""The plants of a group as a landscape declares them: zone, working days, shifts, holidays."""

import json

from app.demo.group.masterdata import Plant
from app.landscape.model import DAYS


def declared(site: Plant) -> str:
    """The lines of `tieout.yml` about a plant. A day has all of its shifts there, or none."""
    plant = {
        "name": site.name,
        "zone": site.zone,
        "working_days": [day for day, count in zip(DAYS, site.week, strict=True) if count],
        "shifts": {
            str(number): f"{start:%H:%M}-{end:%H:%M}"
            for number, (start, end) in enumerate(site.shifts, 1)
        },
        "calendar": site.code,
    }
    return f'  "{site.code}": {json.dumps(plant, ensure_ascii=False)}'


def calendar(site: Plant) -> str:
    """`calendars/<plant>.yml`: the days the plant rests."""
    days = "".join(f"\n  {day}: holiday" for day in sorted(site.holidays))
    return f"# When plant {site.code} rests.\nholidays:{days or ' {}'}\n"
