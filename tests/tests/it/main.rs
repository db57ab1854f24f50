//! The one integration test binary. Each module is a subject.

mod embedded_cluster;
mod store;
