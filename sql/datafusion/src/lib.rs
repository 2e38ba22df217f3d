//! Python functions in DataFusion's SQL.
