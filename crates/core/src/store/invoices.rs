//! Invoices: each recorded once, however often and in whatever order one hears of it.
//!
//! An invoice only moves forward (`InvoiceStatus::rank`); of two accounts of one rank the later counts. What
//! it says of its subscription, that a payment came or failed, is asked for here and weighed in
//! `billing/order.rs`.

use rusqlite::{Connection, OptionalExtension, Row, params};

use super::inbox::Desk;
use super::subscriptions::written;
use super::{Store, rows};
use crate::billing::event::InvoiceNews;
use crate::billing::order::PaymentNews;
use crate::billing::{InvoiceSnapshot, InvoiceStatus};
use crate::error::Result;
use crate::model::{Invoice, OrganizationId};

/// Where an account of an invoice comes from, and when it was given.
#[derive(Debug, Clone, Copy)]
pub(super) enum Told {
    /// An event that happened then.
    Event(InvoiceNews, i64),
    /// Stripe was asked then.
    Answer(i64),
}

impl Told {
    fn at(self) -> i64 {
        match self {
            Self::Event(_, at) | Self::Answer(at) => at,
        }
    }
}

/// How good the account is that is kept.
struct Kept {
    organization: OrganizationId,
    status: InvoiceStatus,
    told: i64,
    attempts: u32,
}

fn kept(c: &Connection, id: &str) -> Result<Option<Kept>> {
    let sql =
        "SELECT organization_id, status, told, attempt_count FROM invoices WHERE stripe_invoice_id = ?1";
    let read = |row: &Row<'_>| {
        Ok(Kept {
            organization: rows::parsed(row, "organization_id")?,
            status: rows::word(row, "status", InvoiceStatus::from_stored)?,
            told: row.get("told")?,
            attempts: row.get("attempt_count")?,
        })
    };
    Ok(c.prepare_cached(sql)?.query_row([id], read).optional()?)
}

/// Records an account of an invoice; whether anything changed. Whose it is stays as it was, if it was known.
pub(super) fn keep(
    desk: &Desk<'_>,
    organization: OrganizationId,
    invoice: &InvoiceSnapshot,
    told: Told,
) -> Result<bool> {
    let c = desk.connection;
    let kept = kept(c, &invoice.id)?;
    let mut changed = match &kept {
        None => {
            insert(desk, organization, invoice, told)?;
            true
        }
        Some(kept) if is_better(kept, invoice, told) => update(desk, kept.organization, invoice, told)?,
        Some(_) => false,
    };
    changed |= note(c, invoice, told)?;
    Ok(changed)
}

fn is_better(kept: &Kept, invoice: &InvoiceSnapshot, told: Told) -> bool {
    match told {
        // What Stripe says when asked is the truth.
        Told::Answer(_) => true,
        Told::Event(_, at) => {
            (invoice.status.rank(), at, invoice.attempts) > (kept.status.rank(), kept.told, kept.attempts)
        }
    }
}

fn insert(
    desk: &Desk<'_>,
    organization: OrganizationId,
    invoice: &InvoiceSnapshot,
    told: Told,
) -> Result<()> {
    let sql = "INSERT INTO invoices (id, organization_id, stripe_invoice_id, stripe_subscription_id, amount, currency,
                                     status, invoice_pdf_url, hosted_invoice_url, attempt_count, next_attempt_at,
                                     paid_at, period_end, told, created_at, updated_at)
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16)";
    desk.connection.prepare_cached(sql)?.execute(params![
        desk.clock.new_id().to_string(),
        organization.to_string(),
        invoice.id,
        invoice.subscription,
        invoice.amount,
        invoice.currency,
        invoice.status.as_str(),
        invoice.pdf_url,
        invoice.hosted_url,
        invoice.attempts,
        written(invoice.next_attempt),
        written(paid_at(invoice, told)),
        invoice.period_end,
        told.at(),
        written(Some(invoice.created.unwrap_or(told.at()))),
        desk.now,
    ])?;
    Ok(())
}

fn update(
    desk: &Desk<'_>,
    organization: OrganizationId,
    invoice: &InvoiceSnapshot,
    told: Told,
) -> Result<bool> {
    let sql = "UPDATE invoices SET
                 stripe_subscription_id = COALESCE(?3, stripe_subscription_id), amount = ?4, currency = ?5,
                 status = ?6, invoice_pdf_url = COALESCE(?7, invoice_pdf_url),
                 hosted_invoice_url = COALESCE(?8, hosted_invoice_url), attempt_count = ?9,
                 next_attempt_at = ?10, paid_at = ?11, period_end = COALESCE(?12, period_end), updated_at = ?13
               WHERE stripe_invoice_id = ?1 AND organization_id = ?2
                 AND (stripe_subscription_id IS NOT COALESCE(?3, stripe_subscription_id) OR amount <> ?4
                      OR currency <> ?5 OR status <> ?6 OR invoice_pdf_url IS NOT COALESCE(?7, invoice_pdf_url)
                      OR hosted_invoice_url IS NOT COALESCE(?8, hosted_invoice_url) OR attempt_count <> ?9
                      OR next_attempt_at IS NOT ?10 OR paid_at IS NOT ?11
                      OR period_end IS NOT COALESCE(?12, period_end))";
    let changed = desk.connection.prepare_cached(sql)?.execute(params![
        invoice.id,
        organization.to_string(),
        invoice.subscription,
        invoice.amount,
        invoice.currency,
        invoice.status.as_str(),
        invoice.pdf_url,
        invoice.hosted_url,
        invoice.attempts,
        written(invoice.next_attempt),
        written(paid_at(invoice, told)),
        invoice.period_end,
        desk.now,
    ])?;
    let sql = "UPDATE invoices SET told = ?2 WHERE stripe_invoice_id = ?1";
    desk.connection.prepare_cached(sql)?.execute(params![invoice.id, told.at()])?;
    Ok(changed > 0)
}

fn paid_at(invoice: &InvoiceSnapshot, told: Told) -> Option<i64> {
    let paid = invoice.status == InvoiceStatus::Paid;
    let said = match told {
        Told::Event(_, at) => Some(at),
        Told::Answer(_) => invoice.created,
    };
    paid.then(|| invoice.paid_at.or(said)).flatten()
}

/// Notes when a payment failed or came, whatever account of the invoice is kept: the first and the last
/// time are the same in every order.
fn note(c: &Connection, invoice: &InvoiceSnapshot, told: Told) -> Result<bool> {
    let (failed, paid) = match told {
        // An invoice that somebody wrote beside the subscription's own says nothing of the subscription.
        _ if invoice.one_off => (None, None),
        Told::Event(InvoiceNews::Failed, at) => (Some(at), None),
        Told::Event(InvoiceNews::Paid, at) => (None, Some(at)),
        Told::Event(InvoiceNews::ActionRequired | InvoiceNews::Changed, _) => (None, None),
        Told::Answer(_) => match invoice.status {
            InvoiceStatus::Paid => (None, invoice.paid_at.or(invoice.created)),
            // That it failed is certain, when it first did is not told.
            InvoiceStatus::Open if invoice.attempts > 0 => (invoice.created, None),
            _ => (None, None),
        },
    };
    let asked = matches!(told, Told::Answer(_));
    let sql = "UPDATE invoices SET
                 first_failed = CASE WHEN ?2 IS NULL OR (?4 AND first_failed IS NOT NULL) THEN first_failed
                                     ELSE MIN(COALESCE(first_failed, ?2), ?2) END,
                 last_failed = CASE WHEN ?2 IS NULL OR ?4 THEN last_failed
                                    ELSE MAX(COALESCE(last_failed, ?2), ?2) END,
                 paid = CASE WHEN ?3 IS NULL THEN paid ELSE MAX(COALESCE(paid, ?3), ?3) END
               WHERE stripe_invoice_id = ?1
                 AND ((?2 IS NOT NULL AND (first_failed IS NULL OR first_failed > ?2 OR last_failed IS NULL
                                           OR last_failed < ?2))
                      OR (?3 IS NOT NULL AND (paid IS NULL OR paid < ?3)))";
    let changed = c.prepare_cached(sql)?.execute(params![invoice.id, failed, paid, asked])?;
    Ok(changed > 0 && !asked)
}

/// The newest thing that the invoices of a subscription tell of it.
pub(super) fn payment_news(c: &Connection, subscription: &str) -> Result<Option<PaymentNews>> {
    let sql = "SELECT MAX(paid), MAX(CASE WHEN paid IS NULL AND status IN ('open', 'uncollectible')
                                          THEN last_failed END)
               FROM invoices WHERE stripe_subscription_id = ?1";
    let (paid, failed): (Option<i64>, Option<i64>) =
        c.prepare_cached(sql)?.query_row([subscription], |row| Ok((row.get(0)?, row.get(1)?)))?;
    if let Some(created) = paid.filter(|paid| failed.is_none_or(|failed| failed <= *paid)) {
        let sql = "SELECT MAX(period_end) FROM invoices WHERE stripe_subscription_id = ?1 AND paid = ?2";
        let period_end =
            c.prepare_cached(sql)?.query_row(params![subscription, created], |row| row.get(0))?;
        return Ok(Some(PaymentNews { paid: true, created, period_end }));
    }
    Ok(failed.map(|created| PaymentNews { paid: false, created, period_end: None }))
}

/// Since when a payment is overdue: the first failure after the last payment that came.
pub(super) fn overdue_since(c: &Connection, subscription: &str) -> Result<Option<i64>> {
    let sql = "SELECT MIN(first_failed) FROM invoices WHERE stripe_subscription_id = ?1 AND paid IS NULL
                 AND first_failed > COALESCE(
                   (SELECT MAX(paid) FROM invoices WHERE stripe_subscription_id = ?1), 0)";
    Ok(c.prepare_cached(sql)?.query_row([subscription], |row| row.get(0))?)
}

const COLUMNS: &str = "stripe_invoice_id, stripe_subscription_id, amount, currency, status, invoice_pdf_url,
    hosted_invoice_url, attempt_count, next_attempt_at, paid_at, created_at";

fn read(row: &Row<'_>) -> rusqlite::Result<Invoice> {
    let mut cells = rows::Cells::of(row);
    Ok(Invoice {
        id: cells.get()?,
        subscription: cells.get()?,
        amount: cells.get()?,
        currency: cells.get()?,
        status: cells.get()?,
        pdf_url: cells.get()?,
        hosted_url: cells.get()?,
        attempts: cells.get()?,
        next_attempt_at: cells.parsed_opt()?,
        paid_at: cells.parsed_opt()?,
        created_at: cells.parsed()?,
    })
}

impl Store {
    /// A page of a business's invoices, newest first, and how many there are in all. Pages count from 1.
    pub async fn invoices(
        &self,
        organization: OrganizationId,
        page: u64,
        limit: u64,
    ) -> Result<(Vec<Invoice>, u64)> {
        self.read(move |c| {
            let id = organization.to_string();
            let sql = "SELECT COUNT(*) FROM invoices WHERE organization_id = ?1";
            let total: i64 = c.prepare_cached(sql)?.query_row([&id], |row| row.get(0))?;
            let sql = format!(
                "SELECT {COLUMNS} FROM invoices WHERE organization_id = ?1
                 ORDER BY created_at DESC, id DESC LIMIT ?2 OFFSET ?3"
            );
            let offset = page.saturating_sub(1).saturating_mul(limit);
            let (limit, offset) =
                (i64::try_from(limit).unwrap_or(i64::MAX), i64::try_from(offset).unwrap_or(i64::MAX));
            let mut statement = c.prepare_cached(&sql)?;
            let found = statement.query_map(params![id, limit, offset], read)?;
            Ok((found.collect::<Result<_, _>>()?, total.unsigned_abs()))
        })
        .await
    }

    /// The latest invoice of a subscription that is to be paid and was tried in vain.
    pub async fn overdue_invoice(
        &self,
        organization: OrganizationId,
        subscription: String,
    ) -> Result<Option<Invoice>> {
        self.read(move |c| {
            let sql = format!(
                "SELECT {COLUMNS} FROM invoices WHERE organization_id = ?1 AND stripe_subscription_id = ?2
                   AND status = 'open' AND first_failed IS NOT NULL ORDER BY created_at DESC, id DESC LIMIT 1"
            );
            let values = params![organization.to_string(), subscription];
            Ok(c.prepare_cached(&sql)?.query_row(values, read).optional()?)
        })
        .await
    }
}
