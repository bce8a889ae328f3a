"""From alerts to messages, and the ways they go."""
