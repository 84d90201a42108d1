//! `electrolint fix`: `check --fix`.

use crate::cli::{CheckArgs, Fixes};
use crate::{Exit, Failure};

/// Mends what can be mended, and tells what is left.
///
/// # Errors
/// As `check`.
pub fn run(options: &CheckArgs) -> Result<Exit, Failure> {
    super::check::run(&CheckArgs { fix: Some(options.fix.unwrap_or(Fixes::Safe)), ..options.clone() })
}
