"""The blueprint that the administrator's pages of courses hang on."""

from flask import Blueprint

blueprint = Blueprint("publishing", __name__)
