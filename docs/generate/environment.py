"""The reference of what the environment says."""

from app.settings import Settings
from generate import code, table


def page() -> str:
    """Every TIEOUT_* variable."""
    rows = [
        (
            f"`TIEOUT_{name.upper()}`",
            _allowed(field.annotation),
            code(field.default),
            field.description,
        )
        for name, field in Settings.model_fields.items()
    ]
    return table(["variable", "takes", "default", "says"], rows) + "\n"


def _allowed(annotation: object) -> str:
    choices = getattr(annotation, "__args__", None)
    if choices and all(isinstance(choice, str) for choice in choices):
        return " ".join(choices)
    kind = annotation if isinstance(annotation, type) else str
    return {"Path": "folder", "int": "number", "str": "text"}[kind.__name__]
