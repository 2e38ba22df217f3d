//! A virtual environment made from declared requirements.
