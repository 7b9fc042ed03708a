-- Searches find what the collation calls equal (docs/decisions/search-index.md), for which products indexed so far
-- lack grams. Idempotent.

-- The previous version locks row 2 to index. It finds none from now on, so it indexes no product without the new
-- grams; what it would have indexed stays pending, and is found, until an instance of this version runs.
UPDATE search_indexer SET id = 3, reindex_from = IF(EXISTS (SELECT 1 FROM product), 0, NULL) WHERE id = 2;
