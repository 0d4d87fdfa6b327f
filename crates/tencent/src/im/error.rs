//! What IM's error codes ask of the caller.

use crate::Unanswered;

/// What a call to IM may come to besides success.
#[derive(Debug, thiserror::Error)]
pub enum ImError {
    /// IM answered with an error code.
    #[error("IM refused with {code}: {info}")]
    Refused { code: i64, info: String },
    /// No answer, or none that could be read.
    #[error(transparent)]
    Unanswered(#[from] Unanswered),
}

/// What to do after a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Remedy {
    /// The same request, later.
    Later,
    /// The same request with a new signature of the admin.
    NewSignature,
    /// Import the account, then the same request.
    ImportAccount,
    /// Make the group, then the same request.
    MakeGroup,
    /// Nothing: it will be refused again.
    None,
}

impl ImError {
    /// What to do about it. Codes we do not know are final.
    #[must_use]
    pub fn remedy(&self) -> Remedy {
        match self {
            Self::Unanswered(_) => Remedy::Later,
            Self::Refused { code, .. } => match code {
                60004 | 60005 | 70001 | 70003 => Remedy::NewSignature,
                60007 | 60008 | 60011 | 60018 | 60019 | 10002 | 10023 | 20004 | 20005 | 40006
                | 70169 | 70202 | 70500 | 90992 | 90994 | 90995 | 91000 => Remedy::Later,
                70107 | 90012 | 90048 | 40003 => Remedy::ImportAccount,
                10010 => Remedy::MakeGroup,
                _ => Remedy::None,
            },
        }
    }
}
