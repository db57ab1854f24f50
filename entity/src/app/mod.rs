//! sea-orm entities of schema `app`: plain tables, one row one thing. A row is not an API type.

pub(crate) mod account;
pub(crate) mod oauth_client;
pub(crate) mod oauth_grant;
pub(crate) mod oauth_launch;
pub(crate) mod oauth_secret;
pub(crate) mod session;
pub(crate) mod signing_key;
pub(crate) mod token;
