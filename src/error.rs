//! What can go wrong, in the words of the domain. `http::problem` alone knows which status each of these is.

use std::fmt;

/// The result of everything that can fail in the inner rooms.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What went wrong, said without HTTP.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Nothing of that name is there, or the reader may not know of it.
    #[error("there is no {what} {id}")]
    NotFound {
        /// The noun: `cell`, `facility`, …
        what: &'static str,
        /// The key that was asked for.
        id: String,
    },
    /// The request or file does not hold together; each fault names its place.
    #[error("{}", Faults(.0))]
    Invalid(Vec<Fault>),
    /// What is asked for contradicts what is stored.
    #[error("{message}")]
    Conflict {
        /// The rule that would be broken, in `snake_case`: `cells_overlap`, `code_retired`, …
        rule: String,
        /// One sentence that names both sides.
        message: String,
    },
    /// The row was changed since the writer read it.
    #[error("the row was changed meanwhile: version {current} is stored, {expected} was expected")]
    Stale {
        /// The version the writer had read.
        expected: i64,
        /// The version that is stored.
        current: i64,
        /// The stored row as the API shows it.
        stored: Box<serde_json::Value>,
    },
    /// The user is known but lacks the right; only said about things whose existence is no secret.
    #[error("{0}")]
    Forbidden(String),
    /// Nobody is signed in.
    #[error("sign in first")]
    Unauthenticated,
    /// More than can be taken at once.
    #[error("more than the limit of {limit}")]
    TooLarge {
        /// The limit with its unit, for people.
        limit: String,
    },
    /// Cannot answer now, may soon: the database is away, a queue is full, an account is locked.
    #[error("{message}")]
    Busy {
        /// Seconds after which trying again makes sense.
        retry_after_s: u32,
        /// What is busy.
        message: String,
    },
    /// The database's disk is full: nothing of the request was written, its audit entry neither.
    #[error("the disk of the database is full, so that nothing was written; make room or enlarge it, then do it again")]
    StorageFull,
    /// Wrong use of the command line or of a setting: the message says the cure.
    #[error("{0}")]
    Usage(String),
    /// A defect or a failure of the machine; the cause is logged, never shown to a client.
    #[error("{context}: {source}")]
    Internal {
        /// What was being done.
        context: &'static str,
        /// The cause.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

/// One place where input does not hold together.
#[derive(Debug, Clone, PartialEq, serde::Serialize, utoipa::ToSchema)]
pub struct Fault {
    /// JSON pointer into the request body, or the name of a parameter.
    pub pointer: String,
    /// What kind of fault, in `snake_case`; pages translate by it.
    pub code: String,
    /// One sentence: what is wrong and what to do.
    pub message: String,
    /// Where on the map, `[lon, lat]` in degrees, when there is a place.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at: Option<[f64; 2]>,
}

impl Fault {
    /// A fault without a place on the map.
    pub fn new(pointer: impl Into<String>, code: impl Into<String>, message: impl Into<String>) -> Self {
        Self { pointer: pointer.into(), code: code.into(), message: message.into(), at: None }
    }

    /// The same fault at `[lon, lat]`.
    #[must_use]
    pub fn at(mut self, lon: f64, lat: f64) -> Self {
        self.at = Some([lon, lat]);
        self
    }
}

impl Error {
    /// One fault as an error.
    pub fn invalid(pointer: impl Into<String>, code: impl Into<String>, message: impl Into<String>) -> Self {
        Self::Invalid(vec![Fault::new(pointer, code, message)])
    }

    /// A `map_err` that says what was being done: `.map_err(Error::internal("read the key file"))`.
    pub fn internal<E>(context: &'static str) -> impl FnOnce(E) -> Self
    where
        E: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        move |source| Self::Internal { context, source: source.into() }
    }
}

struct Faults<'a>(&'a [Fault]);

impl fmt::Display for Faults<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            [] => write!(f, "the request does not hold together"),
            [one] => write!(f, "{}: {}", one.pointer, one.message),
            [first, ..] => write!(f, "{} faults; the first at {}: {}", self.0.len(), first.pointer, first.message),
        }
    }
}
