//! A fleet of tags.
