"""The rules of alerts, and what they are reckoned with. Pure."""
