"""Pages of ``quizzes``."""

from flask import Blueprint

blueprint = Blueprint("quizzes", __name__)
