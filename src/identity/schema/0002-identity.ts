// Migration 2: accounts and the provider. Shipped text: never edited, a change is a new migration. Whatever ends has an
// index on its end, so expiry never looks at a living row. Tokens and codes are kept as SHA-256, passwords as scrypt.
// What the provider keeps carries the account and the session it belongs to: taking those back is one statement.

import type { Migration } from '../../core/db/migrations.ts'

export const migration0002: Migration = {
  number: 2,
  name: 'identity',
  sql: `
CREATE TABLE account (
  id TEXT PRIMARY KEY,
  state TEXT NOT NULL,
  name TEXT UNIQUE,
  language TEXT,
  created_ms INTEGER NOT NULL,
  expires_ms INTEGER,
  delete_at_ms INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX account_expires ON account (expires_ms) WHERE expires_ms IS NOT NULL;
CREATE INDEX account_delete_at ON account (delete_at_ms) WHERE delete_at_ms IS NOT NULL;

CREATE TABLE password_login (
  id TEXT PRIMARY KEY,
  account TEXT NOT NULL,
  email TEXT,
  email_key TEXT UNIQUE,
  hash TEXT,
  created_ms INTEGER NOT NULL,
  last_used_ms INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX password_login_account ON password_login (account);

CREATE TABLE passkey (
  id TEXT PRIMARY KEY,
  account TEXT NOT NULL,
  name TEXT NOT NULL,
  public_key BLOB NOT NULL,
  counter INTEGER NOT NULL,
  transports TEXT NOT NULL,
  created_ms INTEGER NOT NULL,
  last_used_ms INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX passkey_account ON passkey (account);

CREATE TABLE recovery_code (
  account TEXT NOT NULL,
  hash TEXT NOT NULL,
  PRIMARY KEY (account, hash)
) STRICT, WITHOUT ROWID;

CREATE TABLE reset_token (
  hash TEXT PRIMARY KEY,
  account TEXT NOT NULL,
  login TEXT,
  expires_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX reset_token_account ON reset_token (account, expires_ms);
CREATE INDEX reset_token_expires ON reset_token (expires_ms);

CREATE TABLE web_id_link (
  web_id TEXT PRIMARY KEY,
  id TEXT NOT NULL,
  account TEXT NOT NULL,
  created_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX web_id_link_account ON web_id_link (account);

CREATE TABLE pod_link (
  pod TEXT PRIMARY KEY,
  account TEXT NOT NULL,
  created_ms INTEGER NOT NULL,
  delete_at_ms INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX pod_link_account ON pod_link (account);
CREATE INDEX pod_link_delete_at ON pod_link (delete_at_ms) WHERE delete_at_ms IS NOT NULL;

CREATE TABLE client_credential (
  id TEXT PRIMARY KEY,
  account TEXT NOT NULL,
  name TEXT NOT NULL,
  web_id TEXT NOT NULL,
  secret_hash TEXT NOT NULL,
  generation INTEGER NOT NULL,
  created_ms INTEGER NOT NULL,
  last_used_ms INTEGER,
  expires_ms INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX client_credential_account ON client_credential (account, web_id);

CREATE TABLE account_session (
  token_hash TEXT PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  account TEXT NOT NULL,
  created_ms INTEGER NOT NULL,
  last_seen_ms INTEGER NOT NULL,
  expires_ms INTEGER NOT NULL,
  remember INTEGER NOT NULL,
  user_agent TEXT NOT NULL,
  address TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX account_session_account ON account_session (account, created_ms);
CREATE INDEX account_session_expires ON account_session (expires_ms);

CREATE TABLE invite (
  id TEXT PRIMARY KEY,
  code_hash TEXT NOT NULL UNIQUE,
  created_ms INTEGER NOT NULL,
  expires_ms INTEGER NOT NULL,
  uses_left INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX invite_expires ON invite (expires_ms);

CREATE TABLE oidc_record (
  model TEXT NOT NULL,
  id TEXT NOT NULL,
  payload TEXT NOT NULL,
  grant_id TEXT,
  user_code TEXT,
  uid TEXT,
  account TEXT,
  session TEXT,
  consumed_ms INTEGER,
  expires_ms INTEGER,
  PRIMARY KEY (model, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX oidc_record_grant ON oidc_record (grant_id) WHERE grant_id IS NOT NULL;
CREATE INDEX oidc_record_user_code ON oidc_record (user_code) WHERE user_code IS NOT NULL;
CREATE INDEX oidc_record_uid ON oidc_record (uid) WHERE uid IS NOT NULL;
CREATE INDEX oidc_record_account ON oidc_record (account, model) WHERE account IS NOT NULL;
CREATE INDEX oidc_record_session ON oidc_record (session) WHERE session IS NOT NULL;
CREATE INDEX oidc_record_expires ON oidc_record (expires_ms) WHERE expires_ms IS NOT NULL;

CREATE TABLE signing_key (
  id TEXT PRIMARY KEY,
  alg TEXT NOT NULL,
  sealed BLOB NOT NULL,
  created_ms INTEGER NOT NULL,
  signs_from_ms INTEGER NOT NULL,
  published_until_ms INTEGER
) STRICT, WITHOUT ROWID;

CREATE TABLE sealed_secret (
  name TEXT PRIMARY KEY,
  sealed BLOB NOT NULL,
  created_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE revoked (
  grant_id TEXT PRIMARY KEY,
  at_ms INTEGER NOT NULL,
  until_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX revoked_at ON revoked (at_ms, grant_id);
CREATE INDEX revoked_until ON revoked (until_ms);

CREATE TABLE replay (
  id TEXT PRIMARY KEY,
  expires_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX replay_expires ON replay (expires_ms);
`,
  postgres: `
CREATE TABLE account (
  id text COLLATE "C" PRIMARY KEY,
  state text COLLATE "C" NOT NULL,
  name text COLLATE "C" UNIQUE,
  language text COLLATE "C",
  created_ms bigint NOT NULL,
  expires_ms bigint,
  delete_at_ms bigint
);
CREATE INDEX account_expires ON account (expires_ms) WHERE expires_ms IS NOT NULL;
CREATE INDEX account_delete_at ON account (delete_at_ms) WHERE delete_at_ms IS NOT NULL;

CREATE TABLE password_login (
  id text COLLATE "C" PRIMARY KEY,
  account text COLLATE "C" NOT NULL,
  email text COLLATE "C",
  email_key text COLLATE "C" UNIQUE,
  hash text COLLATE "C",
  created_ms bigint NOT NULL,
  last_used_ms bigint
);
CREATE INDEX password_login_account ON password_login (account);

CREATE TABLE passkey (
  id text COLLATE "C" PRIMARY KEY,
  account text COLLATE "C" NOT NULL,
  name text COLLATE "C" NOT NULL,
  public_key bytea NOT NULL,
  counter bigint NOT NULL,
  transports text COLLATE "C" NOT NULL,
  created_ms bigint NOT NULL,
  last_used_ms bigint
);
CREATE INDEX passkey_account ON passkey (account);

CREATE TABLE recovery_code (
  account text COLLATE "C" NOT NULL,
  hash text COLLATE "C" NOT NULL,
  PRIMARY KEY (account, hash)
);

CREATE TABLE reset_token (
  hash text COLLATE "C" PRIMARY KEY,
  account text COLLATE "C" NOT NULL,
  login text COLLATE "C",
  expires_ms bigint NOT NULL
);
CREATE INDEX reset_token_account ON reset_token (account, expires_ms);
CREATE INDEX reset_token_expires ON reset_token (expires_ms);

CREATE TABLE web_id_link (
  web_id text COLLATE "C" PRIMARY KEY,
  id text COLLATE "C" NOT NULL,
  account text COLLATE "C" NOT NULL,
  created_ms bigint NOT NULL
);
CREATE INDEX web_id_link_account ON web_id_link (account);

CREATE TABLE pod_link (
  pod text COLLATE "C" PRIMARY KEY,
  account text COLLATE "C" NOT NULL,
  created_ms bigint NOT NULL,
  delete_at_ms bigint
);
CREATE INDEX pod_link_account ON pod_link (account);
CREATE INDEX pod_link_delete_at ON pod_link (delete_at_ms) WHERE delete_at_ms IS NOT NULL;

CREATE TABLE client_credential (
  id text COLLATE "C" PRIMARY KEY,
  account text COLLATE "C" NOT NULL,
  name text COLLATE "C" NOT NULL,
  web_id text COLLATE "C" NOT NULL,
  secret_hash text COLLATE "C" NOT NULL,
  generation bigint NOT NULL,
  created_ms bigint NOT NULL,
  last_used_ms bigint,
  expires_ms bigint
);
CREATE INDEX client_credential_account ON client_credential (account, web_id);

CREATE TABLE account_session (
  token_hash text COLLATE "C" PRIMARY KEY,
  id text COLLATE "C" NOT NULL UNIQUE,
  account text COLLATE "C" NOT NULL,
  created_ms bigint NOT NULL,
  last_seen_ms bigint NOT NULL,
  expires_ms bigint NOT NULL,
  remember bigint NOT NULL,
  user_agent text COLLATE "C" NOT NULL,
  address text COLLATE "C" NOT NULL
);
CREATE INDEX account_session_account ON account_session (account, created_ms);
CREATE INDEX account_session_expires ON account_session (expires_ms);

CREATE TABLE invite (
  id text COLLATE "C" PRIMARY KEY,
  code_hash text COLLATE "C" NOT NULL UNIQUE,
  created_ms bigint NOT NULL,
  expires_ms bigint NOT NULL,
  uses_left bigint NOT NULL
);
CREATE INDEX invite_expires ON invite (expires_ms);

CREATE TABLE oidc_record (
  model text COLLATE "C" NOT NULL,
  id text COLLATE "C" NOT NULL,
  payload text NOT NULL,
  grant_id text COLLATE "C",
  user_code text COLLATE "C",
  uid text COLLATE "C",
  account text COLLATE "C",
  session text COLLATE "C",
  consumed_ms bigint,
  expires_ms bigint,
  PRIMARY KEY (model, id)
);
CREATE INDEX oidc_record_grant ON oidc_record (grant_id) WHERE grant_id IS NOT NULL;
CREATE INDEX oidc_record_user_code ON oidc_record (user_code) WHERE user_code IS NOT NULL;
CREATE INDEX oidc_record_uid ON oidc_record (uid) WHERE uid IS NOT NULL;
CREATE INDEX oidc_record_account ON oidc_record (account, model) WHERE account IS NOT NULL;
CREATE INDEX oidc_record_session ON oidc_record (session) WHERE session IS NOT NULL;
CREATE INDEX oidc_record_expires ON oidc_record (expires_ms) WHERE expires_ms IS NOT NULL;

CREATE TABLE signing_key (
  id text COLLATE "C" PRIMARY KEY,
  alg text COLLATE "C" NOT NULL,
  sealed bytea NOT NULL,
  created_ms bigint NOT NULL,
  signs_from_ms bigint NOT NULL,
  published_until_ms bigint
);

CREATE TABLE sealed_secret (
  name text COLLATE "C" PRIMARY KEY,
  sealed bytea NOT NULL,
  created_ms bigint NOT NULL
);

CREATE TABLE revoked (
  grant_id text COLLATE "C" PRIMARY KEY,
  at_ms bigint NOT NULL,
  until_ms bigint NOT NULL
);
CREATE INDEX revoked_at ON revoked (at_ms, grant_id);
CREATE INDEX revoked_until ON revoked (until_ms);

CREATE TABLE replay (
  id text COLLATE "C" PRIMARY KEY,
  expires_ms bigint NOT NULL
);
CREATE INDEX replay_expires ON replay (expires_ms);
`,
}
