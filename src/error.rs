//! What went wrong, in the parts that the error block shows.
