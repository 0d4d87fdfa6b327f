//! Orders: gold bought for yuan.

pub(crate) mod create;
pub(crate) mod list;
pub(crate) mod provider_record;
pub(crate) mod query;
pub(crate) mod report;
pub(crate) mod row;
pub(crate) mod settle;
pub(crate) mod state;
