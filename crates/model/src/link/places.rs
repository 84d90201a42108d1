//! Where files that the code names are.
