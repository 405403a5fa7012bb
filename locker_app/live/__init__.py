"""From committed events to screens: topics, the hub that projects them, the rooms that send."""
