//! Pages of a list: `?page=1&limit=20` in, `data` and `pagination` out.

use garde::Validate;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// Rows of a page when none are asked for.
const LIMIT: u64 = 20;

/// Which page.
#[derive(Debug, Clone, Default, Deserialize, Validate, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub struct PageQuery {
    /// Page, from 1.
    #[garde(range(min = 1, max = 1_000_000))]
    #[param(minimum = 1, maximum = 1_000_000, default = 1)]
    pub page: Option<u64>,
    /// Rows of a page.
    #[garde(range(min = 1, max = 100))]
    #[param(minimum = 1, maximum = 100, default = 20)]
    pub limit: Option<u64>,
}

/// A page, resolved.
#[derive(Debug, Clone, Copy)]
pub struct Paging {
    /// From 1.
    pub page: u64,
    /// Rows.
    pub limit: u64,
}

impl Paging {
    /// What was asked for, or the first page.
    pub fn new(page: Option<u64>, limit: Option<u64>) -> Self {
        Self { page: page.unwrap_or(1), limit: limit.unwrap_or(LIMIT) }
    }

    /// Rows before it.
    pub fn offset(self) -> u64 {
        (self.page - 1) * self.limit
    }
}

/// A page of a list.
#[derive(Debug, Serialize, ToSchema)]
pub struct Page<T: ToSchema> {
    /// The rows.
    data: Vec<T>,
    /// Where they are in the whole.
    pagination: Pagination,
}

/// Where a page is in the whole.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Pagination {
    /// This page, from 1.
    page: u64,
    /// Rows of a page.
    limit: u64,
    /// Rows in all.
    total: u64,
    /// Pages in all.
    total_pages: u64,
}

impl<T: ToSchema> Page<T> {
    /// The rows of `paging` out of `total`.
    pub fn new(data: Vec<T>, paging: Paging, total: u64) -> Self {
        let Paging { page, limit } = paging;
        let pagination = Pagination { page, limit, total, total_pages: total.div_ceil(limit) };
        Self { data, pagination }
    }
}
