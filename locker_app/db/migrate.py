"""Bring a database's tables up to date, by Alembic."""

from pathlib import Path

from alembic.config import Config

from alembic import command

PROJECT = Path(__file__).resolve().parents[2]


def alembic_config(database_url: str) -> Config:
    """Alembic's configuration for this project and database."""
    config = Config()
    config.set_main_option("script_location", str(PROJECT / "alembic"))
    config.attributes["database_url"] = database_url
    return config


def upgrade(database_url: str) -> None:
    """Apply all migrations that the database does not have yet."""
    command.upgrade(alembic_config(database_url), "head")
