-- Attempts that have ended lately, whose providers are asked for another day (docs/decisions/payment-providers.md). Idempotent.
SET @add_ended = IF(
  EXISTS (
    SELECT 1 FROM information_schema.statistics
    WHERE table_schema = DATABASE() AND table_name = 'payment' AND index_name = 'ended'
  ),
  'DO 0',
  'ALTER TABLE payment ADD KEY ended (state, updated_at), ALGORITHM = INPLACE, LOCK = NONE'
);
PREPARE add_ended FROM @add_ended;
EXECUTE add_ended;
DEALLOCATE PREPARE add_ended;
