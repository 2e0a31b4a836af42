CREATE TABLE migrations (name TEXT PRIMARY KEY, at TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP) STRICT;
CREATE TABLE journal (
      seq INTEGER PRIMARY KEY, epoch INTEGER NOT NULL CHECK (epoch > 0), at TEXT NOT NULL,
      actor TEXT NOT NULL, role TEXT NOT NULL, station TEXT NOT NULL,
      kind TEXT NOT NULL, body TEXT NOT NULL, hash BLOB NOT NULL CHECK (length(hash) = 32)) STRICT;
CREATE TRIGGER journal_is_never_changed BEFORE UPDATE ON journal
    BEGIN
      SELECT RAISE(ABORT, 'the journal is append-only');
    END;
CREATE TRIGGER journal_is_never_shortened BEFORE DELETE ON journal
    BEGIN
      SELECT RAISE(ABORT, 'the journal is append-only');
    END;
CREATE TABLE journal_readers (reader TEXT PRIMARY KEY, seq INTEGER NOT NULL) STRICT;
CREATE TABLE journal_dead_letters (
      reader TEXT NOT NULL, seq INTEGER NOT NULL, error TEXT NOT NULL, at TEXT NOT NULL, PRIMARY KEY (reader, seq)) STRICT;
CREATE TABLE taps (tap TEXT PRIMARY KEY, act TEXT NOT NULL, wish BLOB NOT NULL, subject TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE ledger_accounts (account TEXT PRIMARY KEY) STRICT, WITHOUT ROWID;
CREATE TABLE ledger_entries (
      source TEXT PRIMARY KEY, kind TEXT NOT NULL, day TEXT NOT NULL, currency TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE ledger_postings (
      source TEXT NOT NULL REFERENCES ledger_entries (source), position INTEGER NOT NULL,
      debit TEXT NOT NULL REFERENCES ledger_accounts (account), credit TEXT NOT NULL REFERENCES ledger_accounts (account),
      amount INTEGER NOT NULL CHECK (amount > 0), till TEXT NOT NULL, CHECK (debit <> credit),
      PRIMARY KEY (source, position)) STRICT, WITHOUT ROWID;
CREATE VIEW ledger_legs AS
      SELECT source, debit AS account, amount, till FROM ledger_postings
      UNION ALL SELECT source, credit, -amount, till FROM ledger_postings;
CREATE TRIGGER postings_are_never_changed BEFORE UPDATE ON ledger_postings
    BEGIN
      SELECT RAISE(ABORT, 'the ledger is append-only');
    END;
CREATE TRIGGER postings_are_never_removed BEFORE DELETE ON ledger_postings
    BEGIN
      SELECT RAISE(ABORT, 'the ledger is append-only');
    END;
CREATE TRIGGER entries_are_never_changed BEFORE UPDATE ON ledger_entries
    BEGIN
      SELECT RAISE(ABORT, 'the ledger is append-only');
    END;
CREATE TRIGGER entries_are_never_removed BEFORE DELETE ON ledger_entries
    BEGIN
      SELECT RAISE(ABORT, 'the ledger is append-only');
    END;
CREATE TABLE staff (
      position INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, name TEXT NOT NULL, role TEXT NOT NULL, skills TEXT NOT NULL,
      stylist INTEGER NOT NULL CHECK (stylist IN (0, 1)), active INTEGER NOT NULL CHECK (active IN (0, 1))) STRICT;
CREATE TABLE staff_pins (
      staff TEXT PRIMARY KEY REFERENCES staff (id), hash TEXT NOT NULL, digits_min INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE sessions (
      token BLOB PRIMARY KEY CHECK (length(token) = 32), actor TEXT NOT NULL, role TEXT NOT NULL, station TEXT NOT NULL,
      started_at TEXT NOT NULL, seen_at TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE pairing_codes (
      code BLOB PRIMARY KEY CHECK (length(code) = 32), role TEXT NOT NULL, station TEXT NOT NULL, expires_at TEXT NOT NULL
    ) STRICT, WITHOUT ROWID;
CREATE TABLE tries (
      subject TEXT PRIMARY KEY, wrong INTEGER NOT NULL CHECK (wrong > 0), last_at TEXT NOT NULL, not_before TEXT NOT NULL,
      forget_at TEXT) STRICT, WITHOUT ROWID;
CREATE TABLE guesses (guess INTEGER PRIMARY KEY, subject TEXT NOT NULL, at TEXT NOT NULL) STRICT;
CREATE INDEX guesses_by_subject ON guesses (subject, at);
CREATE TABLE customers (
      id TEXT PRIMARY KEY, phone_index BLOB UNIQUE, last4_index BLOB, phone BLOB, name BLOB, notes BLOB, language TEXT NOT NULL,
      since TEXT NOT NULL, erased_at TEXT,
      CHECK ((erased_at IS NULL) = (phone IS NOT NULL AND phone_index IS NOT NULL AND last4_index IS NOT NULL)),
      CHECK (erased_at IS NULL OR (name IS NULL AND notes IS NULL))) STRICT, WITHOUT ROWID;
CREATE INDEX customers_by_last4 ON customers (last4_index) WHERE last4_index IS NOT NULL;
CREATE TABLE consents (
      entry INTEGER PRIMARY KEY, customer TEXT NOT NULL REFERENCES customers (id), purpose TEXT NOT NULL,
      given INTEGER NOT NULL CHECK (given IN (0, 1)), notice TEXT NOT NULL, channel TEXT NOT NULL, actor TEXT NOT NULL, at TEXT NOT NULL) STRICT;
CREATE INDEX consents_by_customer ON consents (customer, purpose, entry);
CREATE TRIGGER a_consent_is_never_changed BEFORE UPDATE ON consents
    BEGIN
      SELECT RAISE(ABORT, 'the consent ledger is append-only');
    END;
CREATE TRIGGER a_consent_is_never_removed BEFORE DELETE ON consents
    BEGIN
      SELECT RAISE(ABORT, 'the consent ledger is append-only');
    END;
CREATE TABLE shop (
      one INTEGER PRIMARY KEY CHECK (one = 1), name TEXT NOT NULL, zone TEXT NOT NULL, currency TEXT NOT NULL,
      address TEXT NOT NULL, phone TEXT NOT NULL, opening TEXT NOT NULL, set_up_at TEXT NOT NULL,
      demo INTEGER NOT NULL CHECK (demo IN (0, 1))) STRICT;
CREATE TABLE services (
      n INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, code TEXT NOT NULL UNIQUE, category TEXT NOT NULL,
      zh_cn TEXT NOT NULL, zh_tw TEXT NOT NULL, en TEXT NOT NULL, phases TEXT NOT NULL,
      price INTEGER NOT NULL CHECK (price >= 0), tax INTEGER NOT NULL CHECK (tax BETWEEN 0 AND 10000),
      active INTEGER NOT NULL CHECK (active IN (0, 1))) STRICT;
CREATE TABLE products (
      n INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, code TEXT NOT NULL UNIQUE, category TEXT NOT NULL,
      zh_cn TEXT NOT NULL, zh_tw TEXT NOT NULL, en TEXT NOT NULL, barcode TEXT UNIQUE,
      price INTEGER NOT NULL CHECK (price >= 0), tax INTEGER NOT NULL CHECK (tax BETWEEN 0 AND 10000),
      stocked INTEGER NOT NULL CHECK (stocked IN (0, 1)), active INTEGER NOT NULL CHECK (active IN (0, 1)),
      favourite INTEGER NOT NULL CHECK (favourite IN (0, 1))) STRICT;
CREATE INDEX products_shown ON products (active, favourite DESC, n);
CREATE VIRTUAL TABLE product_words USING fts5(words, content='', contentless_delete=1, detail=full, prefix='1 2 3', tokenize='unicode61');
CREATE TABLE price_lists (
      id TEXT PRIMARY KEY, at TEXT NOT NULL, what TEXT NOT NULL, added INTEGER NOT NULL, changed INTEGER NOT NULL,
      same INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE stock_movements (
      product TEXT NOT NULL, n INTEGER NOT NULL CHECK (n > 0), quantity INTEGER NOT NULL CHECK (quantity <> 0), balance INTEGER NOT NULL,
      reason TEXT NOT NULL, source TEXT NOT NULL, at TEXT NOT NULL, PRIMARY KEY (product, n)) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX one_movement_of_a_product_a_source ON stock_movements (source, product);
CREATE TRIGGER movements_are_never_changed BEFORE UPDATE ON stock_movements
    BEGIN
      SELECT RAISE(ABORT, 'stock is only ever moved');
    END;
CREATE TRIGGER movements_are_never_removed BEFORE DELETE ON stock_movements
    BEGIN
      SELECT RAISE(ABORT, 'stock is only ever moved');
    END;
CREATE TABLE visits (
      id TEXT PRIMARY KEY, ticket INTEGER NOT NULL CHECK (ticket > 0), day TEXT NOT NULL,
      stage TEXT NOT NULL CHECK (stage IN ('waiting', 'called', 'seated', 'in_service', 'served', 'paid', 'left')),
      arrived_at TEXT NOT NULL, services TEXT NOT NULL, language TEXT NOT NULL, wanted_stylist TEXT, stylist TEXT, customer TEXT,
      wait_s INTEGER NOT NULL, moved_at TEXT NOT NULL, started_at TEXT, UNIQUE (day, ticket)) STRICT;
CREATE INDEX visits_in_the_shop ON visits (day, stage);
CREATE TABLE receipt_numbers (
      till TEXT NOT NULL, number INTEGER NOT NULL CHECK (number > 0), source TEXT NOT NULL, PRIMARY KEY (till, number)) STRICT, WITHOUT ROWID;
CREATE TABLE shifts (
      id TEXT PRIMARY KEY, till TEXT NOT NULL, opened_at TEXT NOT NULL, opened_by TEXT NOT NULL,
      opening_float INTEGER NOT NULL CHECK (opening_float >= 0), closed_at TEXT, expected INTEGER, counted INTEGER CHECK (counted >= 0),
      z_number INTEGER, UNIQUE (till, z_number), CHECK ((closed_at IS NULL) = (z_number IS NULL))) STRICT;
CREATE UNIQUE INDEX one_open_shift_a_till ON shifts (till) WHERE closed_at IS NULL;
CREATE TABLE sales (
      id TEXT PRIMARY KEY, till TEXT NOT NULL, receipt_no INTEGER NOT NULL, shift TEXT NOT NULL REFERENCES shifts (id), day TEXT NOT NULL,
      at TEXT NOT NULL, currency TEXT NOT NULL, total INTEGER NOT NULL CHECK (total >= 0), tax INTEGER NOT NULL, visit TEXT, cashier TEXT NOT NULL,
      FOREIGN KEY (till, receipt_no) REFERENCES receipt_numbers (till, number)) STRICT;
CREATE INDEX sales_of_shift ON sales (shift);
CREATE INDEX sales_of_day ON sales (day);
CREATE UNIQUE INDEX one_sale_a_visit ON sales (visit) WHERE visit IS NOT NULL;
CREATE TABLE sale_lines (
      sale TEXT NOT NULL REFERENCES sales (id), position INTEGER NOT NULL, kind TEXT NOT NULL, item TEXT NOT NULL, name TEXT NOT NULL,
      quantity INTEGER NOT NULL CHECK (quantity > 0), price INTEGER NOT NULL, amount INTEGER NOT NULL, tax INTEGER NOT NULL, stylist TEXT,
      PRIMARY KEY (sale, position), CHECK (amount = price * quantity)) STRICT, WITHOUT ROWID;
CREATE TABLE sale_tenders (
      sale TEXT NOT NULL REFERENCES sales (id), position INTEGER NOT NULL, kind TEXT NOT NULL, amount INTEGER NOT NULL CHECK (amount >= 0),
      given INTEGER, reference TEXT NOT NULL, PRIMARY KEY (sale, position), CHECK (given IS NULL OR given >= amount)) STRICT, WITHOUT ROWID;
CREATE TABLE refunds (
      id TEXT PRIMARY KEY, sale TEXT NOT NULL UNIQUE REFERENCES sales (id), till TEXT NOT NULL, receipt_no INTEGER NOT NULL,
      shift TEXT NOT NULL REFERENCES shifts (id), day TEXT NOT NULL, at TEXT NOT NULL, total INTEGER NOT NULL, approved_by TEXT NOT NULL,
      FOREIGN KEY (till, receipt_no) REFERENCES receipt_numbers (till, number)) STRICT;
CREATE INDEX refunds_of_shift ON refunds (shift);
CREATE TRIGGER sales_are_never_changed BEFORE UPDATE ON sales
    BEGIN
      SELECT RAISE(ABORT, 'a completed sale is never changed');
    END;
CREATE TRIGGER sales_are_never_removed BEFORE DELETE ON sales
    BEGIN
      SELECT RAISE(ABORT, 'a completed sale is never removed');
    END;
CREATE TABLE baskets (
      id TEXT PRIMARY KEY, till TEXT NOT NULL, visit TEXT, ticket INTEGER, state TEXT NOT NULL CHECK (state IN ('open', 'paid', 'cleared')),
      touched_at TEXT NOT NULL) STRICT;
CREATE UNIQUE INDEX one_open_basket_a_visit ON baskets (visit) WHERE state = 'open' AND visit IS NOT NULL;
CREATE INDEX open_baskets_of_till ON baskets (till, touched_at) WHERE state = 'open';
CREATE TABLE basket_lines (
      id TEXT PRIMARY KEY, basket TEXT NOT NULL REFERENCES baskets (id), kind TEXT NOT NULL, item TEXT NOT NULL,
      quantity INTEGER NOT NULL CHECK (quantity > 0), stylist TEXT) STRICT;
CREATE INDEX basket_lines_of ON basket_lines (basket);
CREATE TABLE print_jobs (
      id TEXT NOT NULL UNIQUE, kind TEXT NOT NULL, source TEXT NOT NULL, till TEXT NOT NULL,
      device TEXT, state TEXT NOT NULL CHECK (state IN ('queued', 'printing', 'held', 'printed', 'uncertain', 'failed')),
      copy INTEGER NOT NULL, reason TEXT NOT NULL DEFAULT '', sentence TEXT NOT NULL DEFAULT '', action TEXT NOT NULL DEFAULT '',
      at TEXT NOT NULL, command TEXT NOT NULL, kick_until TEXT, settled INTEGER NOT NULL DEFAULT 0,
      PRIMARY KEY (source, kind, copy)) STRICT, WITHOUT ROWID;
CREATE INDEX open_print_jobs ON print_jobs (id) WHERE state IN ('queued', 'printing', 'held');
CREATE TABLE devices_seen (device TEXT PRIMARY KEY, health TEXT NOT NULL, at TEXT NOT NULL) STRICT;
INSERT INTO migrations (name) VALUES ('0001-journal');
INSERT INTO migrations (name) VALUES ('0002-taps');
INSERT INTO migrations (name) VALUES ('0005-ledger');
INSERT INTO migrations (name) VALUES ('0010-staff');
INSERT INTO migrations (name) VALUES ('0011-sessions');
INSERT INTO migrations (name) VALUES ('0012-customers');
INSERT INTO migrations (name) VALUES ('0020-catalog');
INSERT INTO migrations (name) VALUES ('0030-stock');
INSERT INTO migrations (name) VALUES ('0040-visits');
INSERT INTO migrations (name) VALUES ('0050-pos');
INSERT INTO migrations (name) VALUES ('0051-baskets');
INSERT INTO migrations (name) VALUES ('0060-equipment');
INSERT INTO ledger_accounts VALUES ('card_clearing');
INSERT INTO ledger_accounts VALUES ('cash');
INSERT INTO ledger_accounts VALUES ('cash_over_short');
INSERT INTO ledger_accounts VALUES ('guests');
INSERT INTO ledger_accounts VALUES ('product_revenue');
INSERT INTO ledger_accounts VALUES ('qr_clearing');
INSERT INTO ledger_accounts VALUES ('safe');
INSERT INTO ledger_accounts VALUES ('service_revenue');
INSERT INTO ledger_accounts VALUES ('tax_payable');
