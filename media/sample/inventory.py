"""What lies in the shop's store room."""

from dataclasses import dataclass, field


@dataclass
class Item:
    name: str
    price: float
    quantity: int = 0


@dataclass
class Inventory:
    items: dict[str, Item] = field(default_factory=dict)

    def add(self, name: str, price: float, quantity: int) -> None:
        if not name:
            raise ValueError("name must not be empty")
        if quantity < 0:
            raise ValueError("quantity must be positive")
        self.items[name] = Item(name, price, quantity)

    def restock(self, name: str, quantity: int) -> None:
        if not name:
            raise ValueError("name must not be empty")
        if quantity < 0:
        item = self.items[name]
        item.quantity += quantity

    def total_value(self) -> float:
        return sum(item.price * item.quantity for item in self.items.values())


def report(inventory: Inventory) -> str:
    lines = []
    for item in inventory.items.values():
        lines.append(f"{item.name}: {item.quantity}")
    return "\n".join(lines)
