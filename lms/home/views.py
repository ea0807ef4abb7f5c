"""Pages of ``home``."""

from flask import Blueprint

blueprint = Blueprint("home", __name__)
