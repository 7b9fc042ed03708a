-- Table privileges of the application and monitoring accounts: no DDL, and stock movements are append-only.
-- Run after the migrations, because a grant needs its table.

GRANT SELECT, INSERT, UPDATE ON inventario.user TO inventario_app@'%';
GRANT SELECT, INSERT, UPDATE ON inventario.last_write TO inventario_app@'%';
GRANT SELECT, INSERT, UPDATE ON inventario.write_count TO inventario_app@'%';
GRANT SELECT, INSERT, UPDATE, DELETE ON inventario.session TO inventario_app@'%';
GRANT SELECT, INSERT, UPDATE, DELETE ON inventario.category TO inventario_app@'%';
GRANT SELECT, INSERT, UPDATE, DELETE ON inventario.category_count TO inventario_app@'%';
GRANT SELECT, INSERT, UPDATE, DELETE ON inventario.category_rename TO inventario_app@'%';
GRANT SELECT, INSERT, DELETE ON inventario.category_merge TO inventario_app@'%';
GRANT SELECT, INSERT, UPDATE, DELETE ON inventario.former_category TO inventario_app@'%';
GRANT SELECT, INSERT, UPDATE ON inventario.unit TO inventario_app@'%';
GRANT SELECT, INSERT, UPDATE, DELETE ON inventario.supplier TO inventario_app@'%';
GRANT SELECT, INSERT, UPDATE, DELETE ON inventario.product TO inventario_app@'%';
GRANT SELECT, INSERT, UPDATE (category_id), DELETE ON inventario.deleted_product TO inventario_app@'%';
GRANT SELECT, INSERT, UPDATE, DELETE ON inventario.book TO inventario_app@'%';
-- Written by triggers.
GRANT SELECT ON inventario.product_barcode TO inventario_app@'%';
-- Written by triggers and clean-ups.
GRANT SELECT, INSERT, UPDATE, DELETE ON inventario.stock_total TO inventario_app@'%';
GRANT SELECT, INSERT, UPDATE, DELETE ON inventario.movement_flow TO inventario_app@'%';
GRANT SELECT, INSERT, UPDATE, DELETE ON inventario.product_outflow_day TO inventario_app@'%';
GRANT SELECT, INSERT, UPDATE, DELETE ON inventario.product_outflow TO inventario_app@'%';
GRANT SELECT, UPDATE (looked_up_to) ON inventario.kept_sums TO inventario_app@'%';
GRANT SELECT, INSERT, UPDATE, DELETE ON inventario.search_posting TO inventario_app@'%';
GRANT SELECT, DELETE ON inventario.search_pending TO inventario_app@'%';
GRANT SELECT, INSERT, UPDATE, DELETE ON inventario.photo TO inventario_app@'%';
GRANT SELECT, INSERT, DELETE ON inventario.photo_rendition TO inventario_app@'%';
GRANT SELECT, INSERT, UPDATE, DELETE ON inventario.product_photo TO inventario_app@'%';
-- SELECT ... FOR UPDATE needs more than SELECT.
GRANT SELECT, UPDATE ON inventario.search_indexer TO inventario_app@'%';
GRANT SELECT, INSERT ON inventario.stock_movement TO inventario_app@'%';
GRANT SELECT, INSERT ON inventario.price_history TO inventario_app@'%';
GRANT SELECT, INSERT, UPDATE, DELETE ON inventario.completed_write TO inventario_app@'%';
GRANT SELECT, INSERT, UPDATE, DELETE ON inventario.login_attempt TO inventario_app@'%';
GRANT SELECT, INSERT ON inventario.audit_event TO inventario_app@'%';
GRANT SELECT, INSERT ON inventario.product_event TO inventario_app@'%';
GRANT SELECT, INSERT, UPDATE, DELETE ON inventario.instance_heartbeat TO inventario_app@'%';
GRANT SELECT, INSERT, UPDATE, DELETE ON inventario.export_progress TO inventario_app@'%';
GRANT SELECT, INSERT, DELETE ON inventario.product_import_part TO inventario_app@'%';
GRANT SELECT, INSERT, UPDATE ON inventario.product_import TO inventario_app@'%';
GRANT SELECT, INSERT, UPDATE, DELETE ON inventario.product_import_row TO inventario_app@'%';
GRANT SELECT, INSERT, UPDATE ON inventario.job_lease TO inventario_app@'%';
GRANT SELECT, INSERT, UPDATE, DELETE ON inventario.outbox TO inventario_app@'%';
-- Filled by triggers.
GRANT SELECT, UPDATE (batch), DELETE ON inventario.level_change TO inventario_app@'%';
GRANT SELECT, UPDATE ON inventario.alert_state TO inventario_app@'%';
GRANT SELECT, INSERT, UPDATE ON inventario.low_stock_subscription TO inventario_app@'%';
GRANT SELECT, INSERT, UPDATE, DELETE ON inventario.cart TO inventario_app@'%';
GRANT SELECT, INSERT, UPDATE, DELETE ON inventario.cart_line TO inventario_app@'%';
-- Orders are kept, and what they have promised cannot be changed afterwards.
GRANT SELECT, INSERT,
  UPDATE (state, cancelled_total, hold_until, updated_at, customer_id, email, name, phone, address, is_forgotten)
  ON inventario.shop_order TO inventario_app@'%';
GRANT SELECT, INSERT, UPDATE (held, shipped, returned, cancelled, refunded, paid_out) ON inventario.order_line
  TO inventario_app@'%';
GRANT SELECT, INSERT,
  UPDATE (state, amount, captured_amount, provider_reference, expires_at, updated_at) ON inventario.payment TO inventario_app@'%';
GRANT SELECT, INSERT, DELETE ON inventario.payment_notification TO inventario_app@'%';
GRANT SELECT, INSERT, UPDATE (state) ON inventario.refund TO inventario_app@'%';
GRANT SELECT, INSERT, UPDATE (state, tracking_number, carrier, shipped_at) ON inventario.parcel TO inventario_app@'%';
GRANT SELECT, INSERT ON inventario.parcel_line TO inventario_app@'%';
GRANT SELECT, INSERT ON inventario.order_event TO inventario_app@'%';
-- Its file goes with the customer's account.
GRANT SELECT, INSERT, UPDATE (file_type, file_id) ON inventario.payment_proof TO inventario_app@'%';
GRANT SELECT, INSERT, DELETE ON inventario.payment_proof_file TO inventario_app@'%';
GRANT SELECT, INSERT, UPDATE (state, reason) ON inventario.return_request TO inventario_app@'%';
GRANT SELECT, INSERT ON inventario.return_request_line TO inventario_app@'%';
GRANT SELECT, INSERT, UPDATE, DELETE ON inventario.delivery_zone TO inventario_app@'%';
GRANT SELECT, INSERT, UPDATE, DELETE ON inventario.delivery_area TO inventario_app@'%';
GRANT SELECT, INSERT, UPDATE, DELETE ON inventario.delivery_method TO inventario_app@'%';
GRANT SELECT, INSERT, DELETE ON inventario.delivery_rate TO inventario_app@'%';
GRANT SELECT, UPDATE ON inventario.shop_setting TO inventario_app@'%';
GRANT SELECT, INSERT,
  UPDATE (name, contact, pay_to, about, state, reason, commission_rate, is_forgotten, version, asked_at) ON inventario.seller TO inventario_app@'%';
-- What was paid stays as it was.
GRANT SELECT, INSERT ON inventario.payout TO inventario_app@'%';
GRANT SELECT, INSERT ON inventario.payout_line TO inventario_app@'%';
GRANT SELECT, INSERT, UPDATE, DELETE ON inventario.customer TO inventario_app@'%';
GRANT SELECT, INSERT, UPDATE, DELETE ON inventario.customer_token TO inventario_app@'%';
GRANT SELECT, INSERT, UPDATE, DELETE ON inventario.customer_address TO inventario_app@'%';
GRANT SELECT, INSERT, UPDATE, DELETE ON inventario.customer_session TO inventario_app@'%';
GRANT SELECT, INSERT, UPDATE, DELETE ON inventario.mail TO inventario_app@'%';
GRANT SELECT, INSERT ON inventario.replica_fault TO inventario_app@'%';
GRANT SELECT, INSERT, UPDATE ON inventario.replica_check TO inventario_app@'%';

GRANT SELECT ON inventario.primary_term TO inventario_monitor@'%';
GRANT SELECT ON inventario.replica_fault TO inventario_monitor@'%';
