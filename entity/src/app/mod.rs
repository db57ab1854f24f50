//! sea-orm entities of schema `app`: plain tables, one row one thing. A row is not an API type.

pub(crate) mod account;
pub(crate) mod session;
pub(crate) mod token;
