"""All kinds of facts there are, by name."""

from locker_app.domain import facts, terminal_facts
from locker_app.domain.facts import Fact

FACTS: dict[str, type[Fact]] = {
    name: kind
    for module in (facts, terminal_facts)
    for name, kind in vars(module).items()
    if isinstance(kind, type) and issubclass(kind, Fact) and not kind.__subclasses__()
}
