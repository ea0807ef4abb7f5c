"""The commands: ``flask content|people|demo|backup|doctor|worker|start``."""

from __future__ import annotations

from flask import Flask


def add_commands(app: Flask) -> None:
    """Hang the command groups on the app."""
