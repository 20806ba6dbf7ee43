use super::Made;
use crate::request::{LabError, Request};
pub fn make(_request: &Request<'_>) -> Result<Made, LabError> { Err(LabError::Stopped) }
