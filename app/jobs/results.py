"""Results: bring what the rules have worked out into the lake, for any engine to read."""

from app.services import Services
from app.store.results import Results


def publish(services: Services) -> int:
    """Publish what changed since the last time; return how many rules had something to publish."""
    store = services.store
    runs = (store.last_run(name) for name in services.landscape.rules)
    return Results(store.lake, store.state).publish([run for run in runs if run])
