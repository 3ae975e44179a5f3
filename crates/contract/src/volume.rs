//! Training volume of days and weeks.
