//! Indices and compaction. LanceDB does none of it by itself: new rows are in no index until
//! `optimize` runs, and every write leaves a version behind.

use std::sync::atomic::Ordering;

use lance_index::scalar::InvertedIndexParams;
use lancedb::DistanceType;
use lancedb::index::Index as LanceIndex;
use lancedb::index::scalar::BitmapIndexBuilder;
use lancedb::index::vector::IvfFlatIndexBuilder;
use lancedb::table::{CompactionOptions, OptimizeAction, OptimizeOptions};

use super::schema::{AGENT_ID, ORGANIZATION_ID, TERMS, VECTOR};
use super::{Generation, failed};
use crate::error::Result;

/// Of unit vectors, so that distance and cosine order alike. The vector index and the query must name
/// the same one: with different ones LanceDB silently scans.
pub(super) const DISTANCE: DistanceType = DistanceType::Dot;

/// Versions younger than this stay: another process may be reading them.
const KEEP_VERSIONS: chrono::TimeDelta = chrono::TimeDelta::minutes(30);

/// Parts of an index beside each other. Merging reads the whole index, so it is not done every time.
const MOST_PARTS: usize = 8;

/// Into how many parts the vector index divides so many rows: their square root balances looking for the
/// right parts and looking into them.
fn partitions(rows: u64) -> u32 {
    u32::try_from(rows.isqrt()).unwrap_or(u32::MAX).clamp(1, 4096)
}

/// How a generation's table looks.
#[derive(Debug, Clone, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TableStats {
    /// Rows.
    pub rows: u64,
    /// Files the rows lie in.
    pub fragments: u64,
    /// Rows that full-text search scans because they are not in its index yet.
    pub unindexed_rows: u64,
    /// Whether vectors have an approximate index.
    pub vector_index: bool,
}

impl Generation {
    pub(super) async fn has_text_index(&self) -> Result<bool> {
        // An index that is there stays: asked once, it need not be looked up for every question.
        if self.text_index.load(Ordering::Relaxed) {
            return Ok(true);
        }
        let there = self.has_index(TERMS).await?;
        self.text_index.store(there, Ordering::Relaxed);
        Ok(there)
    }

    async fn has_index(&self, column: &str) -> Result<bool> {
        Ok(self.index_name(column).await?.is_some())
    }

    async fn index_name(&self, column: &str) -> Result<Option<String>> {
        let indices = self.table.list_indices().await.map_err(|e| failed("read", e))?;
        Ok(indices.into_iter().find(|i| i.columns == [column]).map(|i| i.name))
    }

    /// Brings every row into the indices, makes those that are missing, merges small files, and lets
    /// go of old versions.
    pub async fn optimize(&self) -> Result<()> {
        let rows = self.count().await?;
        if rows == 0 {
            return self.prune().await;
        }
        let compact = OptimizeAction::Compact { options: CompactionOptions::default(), remap_options: None };
        self.table.optimize(compact).await.map_err(|e| failed("compact", e))?;
        let missing_before = self.create_missing_indices(rows).await?;
        if !missing_before {
            self.index_new_rows().await?;
        }
        self.prune().await
    }

    /// Brings rows into the indices that are in none of them yet. Each time an index gets a part for them,
    /// and every question looks into every part: when there are many, they become one.
    async fn index_new_rows(&self) -> Result<()> {
        for index in self.table.list_indices().await.map_err(|e| failed("read", e))? {
            let stats = self.table.index_stats(&index.name).await.map_err(|e| failed("read", e))?;
            let parts = stats.and_then(|s| s.num_indices).unwrap_or_default() as usize;
            let options = OptimizeOptions::default().index_names(vec![index.name]);
            let options =
                if parts < MOST_PARTS { options } else { options.num_indices_to_merge(Some(parts)) };
            self.table.optimize(OptimizeAction::Index(options)).await.map_err(|e| failed("optimise", e))?;
        }
        Ok(())
    }

    /// Makes the indices that are missing; whether the text index was.
    async fn create_missing_indices(&self, rows: u64) -> Result<bool> {
        let text_missing = !self.has_text_index().await?;
        if text_missing {
            // The terms are words already: split at spaces, change nothing.
            let words = InvertedIndexParams::default()
                .base_tokenizer("whitespace".to_owned())
                .lower_case(false)
                .stem(false)
                .remove_stop_words(false)
                .ascii_folding(false)
                .max_token_length(None)
                .with_position(false);
            self.create(TERMS, LanceIndex::FTS(words)).await?;
        }
        for column in [ORGANIZATION_ID, AGENT_ID] {
            if !self.has_index(column).await? {
                self.create(column, LanceIndex::Bitmap(BitmapIndexBuilder::default())).await?;
            }
        }
        if usize::try_from(rows).unwrap_or(usize::MAX) >= self.ann_min_rows && !self.has_index(VECTOR).await?
        {
            // Vectors as they are: as fast as needed at this size, and nothing is lost to quantisation.
            let flat =
                IvfFlatIndexBuilder::default().distance_type(DISTANCE).num_partitions(partitions(rows));
            self.create(VECTOR, LanceIndex::IvfFlat(flat)).await?;
        }
        Ok(text_missing)
    }

    async fn create(&self, column: &str, index: LanceIndex) -> Result<()> {
        self.table.create_index(&[column], index).execute().await.map_err(|e| failed("build", e))
    }

    async fn prune(&self) -> Result<()> {
        let prune = OptimizeAction::Prune {
            older_than: Some(KEEP_VERSIONS),
            delete_unverified: Some(false),
            error_if_tagged_old_versions: Some(false),
        };
        self.table.optimize(prune).await.map_err(|e| failed("prune", e))?;
        Ok(())
    }

    /// How the table looks, for `status`.
    pub async fn stats(&self) -> Result<TableStats> {
        let rows = self.count().await?;
        let stats = self.table.stats().await.map_err(|e| failed("read", e))?;
        let unindexed = match self.index_name(TERMS).await? {
            Some(name) => {
                let stats = self.table.index_stats(&name).await.map_err(|e| failed("read", e))?;
                stats.map_or(rows, |s| u64::try_from(s.num_unindexed_rows).unwrap_or(u64::MAX))
            }
            None => rows,
        };
        Ok(TableStats {
            rows,
            fragments: u64::try_from(stats.fragment_stats.num_fragments).unwrap_or(u64::MAX),
            unindexed_rows: unindexed,
            vector_index: self.has_index(VECTOR).await?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::{Clock, SystemClock};
    use crate::config::Config;
    use crate::index::{Entry, Index, Query};
    use crate::model::{ChunkId, DocumentId, FileType, GenerationId, OrganizationId};

    fn entry(organization_id: OrganizationId, word: &str) -> Entry {
        Entry {
            chunk_id: ChunkId(SystemClock.new_id()),
            organization_id,
            agent_id: None,
            document_id: DocumentId(SystemClock.new_id()),
            chunk_index: 0,
            page_number: 1,
            filename: "a.txt".to_owned(),
            document_type: FileType::Txt,
            content: word.to_owned(),
            terms: word.to_owned(),
            created_at: SystemClock.timestamp(),
            vector: vec![1.0, 0.0],
        }
    }

    #[tokio::test]
    async fn an_index_that_grows_by_small_parts_stays_in_few_and_finds_everything() {
        let folder = tempfile::tempdir().unwrap();
        let index = Index::open(folder.path(), &Config::default().index).await.unwrap();
        let generation = index.create(GenerationId(SystemClock.new_id()), 2).await.unwrap();
        let organization_id = OrganizationId(SystemClock.new_id());
        let rounds = MOST_PARTS + 3;
        for round in 0..rounds {
            generation.add(&[entry(organization_id, &format!("palavra{round}"))]).await.unwrap();
            generation.optimize().await.unwrap();
        }
        let name = generation.index_name(TERMS).await.unwrap().unwrap();
        let stats = generation.table.index_stats(&name).await.unwrap().unwrap();
        assert!(stats.num_indices.unwrap() as usize <= MOST_PARTS, "{stats:?}");
        assert_eq!(generation.stats().await.unwrap().unindexed_rows, 0);
        for round in 0..rounds {
            let query = Query {
                organization_id,
                agent_id: None,
                everything: false,
                vector: vec![0.0, 1.0],
                terms: vec![format!("palavra{round}")],
                near: Vec::new(),
                nearest: false,
                limit: 5,
            };
            assert_eq!(generation.candidates(&query).await.unwrap().len(), 1, "palavra{round}");
        }
    }
}
