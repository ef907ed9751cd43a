//! Contacts: who writes to the business. Listing and showing them, handing all that is kept of one over,
//! and erasing one, as the law asks for. Their conversations are in `whatsapp/`.

pub mod erase;
pub mod export;
pub mod list;
pub mod show;
