//! Which vector instructions run: the best that the processor has, or a lesser one for tests.

use std::fmt;
use std::str::FromStr;

use fearless_simd::{Level, Simd};

/// Environment variable that names a level, for tests.
pub const VARIABLE: &str = "HEBB_SIMD";

/// A level of vector instructions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Vectors {
    /// Those that every processor of its kind has: SSE2 on x86-64.
    Portable,
    /// Eight numbers at a time, with fused multiply-adds.
    Avx2,
    /// Sixteen numbers at a time.
    Avx512,
    /// Four numbers at a time, on ARM.
    Neon,
}

/// A level that is none, or that this processor lacks.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum VectorsError {
    /// Another word.
    #[error("'{0}' names no vector instructions: write portable, avx2, avx512 or neon")]
    Unknown(String),
    /// Known, but not here.
    #[error("this processor has no {0}")]
    Lacking(Vectors),
}

impl Vectors {
    const ALL: [Self; 4] = [Self::Portable, Self::Avx2, Self::Avx512, Self::Neon];

    /// The best that this processor has.
    pub fn best() -> Self {
        let has = |wanted: &Self| wanted.level().is_ok();
        [Self::Avx512, Self::Avx2, Self::Neon].into_iter().find(has).unwrap_or(Self::Portable)
    }

    /// Numbers that one vector holds.
    pub fn lanes(self) -> usize {
        match self {
            Self::Portable | Self::Neon => 4,
            Self::Avx2 => 8,
            Self::Avx512 => 16,
        }
    }

    /// The proof that they can be used.
    #[cfg(any(target_arch = "x86", target_arch = "x86_64"))]
    pub(crate) fn level(self) -> Result<Level, VectorsError> {
        let best = Level::new();
        let level = match self {
            Self::Portable => Some(Level::baseline()),
            Self::Avx2 => best.as_avx2().map(Simd::level),
            Self::Avx512 => best.as_avx512().map(Simd::level),
            Self::Neon => None,
        };
        level.ok_or(VectorsError::Lacking(self))
    }

    /// The proof that they can be used.
    #[cfg(target_arch = "aarch64")]
    pub(crate) fn level(self) -> Result<Level, VectorsError> {
        let level = match self {
            Self::Portable => Some(Level::baseline()),
            Self::Neon => Level::new().as_neon().map(Simd::level),
            Self::Avx2 | Self::Avx512 => None,
        };
        level.ok_or(VectorsError::Lacking(self))
    }

    /// The proof that they can be used.
    #[cfg(not(any(target_arch = "x86", target_arch = "x86_64", target_arch = "aarch64")))]
    pub(crate) fn level(self) -> Result<Level, VectorsError> {
        match self {
            Self::Portable => Ok(Level::baseline()),
            _ => Err(VectorsError::Lacking(self)),
        }
    }
}

impl FromStr for Vectors {
    type Err = VectorsError;

    fn from_str(text: &str) -> Result<Self, VectorsError> {
        let unknown = || VectorsError::Unknown(text.to_owned());
        Self::ALL.into_iter().find(|vectors| vectors.to_string() == text).ok_or_else(unknown)
    }
}

impl fmt::Display for Vectors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Portable => "portable",
            Self::Avx2 => "avx2",
            Self::Avx512 => "avx512",
            Self::Neon => "neon",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_read_back_as_they_print() {
        for vectors in Vectors::ALL {
            assert_eq!(vectors.to_string().parse(), Ok(vectors));
        }
        assert_eq!("mmx".parse::<Vectors>(), Err(VectorsError::Unknown("mmx".to_owned())));
        assert!(Vectors::Portable.level().is_ok() && Vectors::best().level().is_ok());
    }
}
