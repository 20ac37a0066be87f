"""The landscape of a simulated group, written for its systems as they run in a test."""

from collections.abc import Mapping
from pathlib import Path

from app.demo.group import Group
from app.demo.systems.sap import ROOT


def write(folder: Path, group: Group, address: str, more: Mapping[str, str] | None = None) -> Path:
    """The landscape with the ERP at `address`, and `more` files; paths are relative to `folder`."""
    plants = "".join(
        f'  "{plant.code}": {{name: {plant.name}, zone: {plant.zone}}}\n' for plant in group.sites
    )
    files = {
        "landscape/tieout.yml": f"company: Group\ncurrency: EUR\nplants:\n{plants}",
        "landscape/sources/erp.yml": f'pack: erp/sap_s4\naddress: "{address}{ROOT}"\n'
        'auth: {user: tower, password: "file:../erp.key"}\n'
        f"plants: [{', '.join(repr(plant.code) for plant in group.sites)}]\n",
        "erp.key": "pass",
        **(more or {}),
    }
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
        path.write_text(text, "utf-8")
    return folder / "landscape"
