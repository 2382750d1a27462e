// The one table of failures the outside world can see: code → HTTP status, exit status, retryable, title, hint.
// A test checks that every code thrown stands here and that every code here is thrown. Bugs are not in this table:
// they are assertions and crash. Exit statuses follow sysexits where people know them (74 I/O, 75 try later, 78 configuration).

export interface ErrorCodeRow {
  /** HTTP status of the answer. */
  readonly status: number
  /** Exit status of the command line. */
  readonly exit: number
  /** True when the same call may succeed later, unchanged. */
  readonly retryable: boolean
  /** One short sentence, shown to people. */
  readonly title: string
  /** What to do about it. */
  readonly hint: string
}

function row(status: number, exit: number, title: string, hint: string): ErrorCodeRow {
  return { status, exit, retryable: false, title, hint }
}

/** A failure that may pass: the same call may succeed later. */
function passing(status: number, exit: number, title: string, hint: string): ErrorCodeRow {
  return { status, exit, retryable: true, title, hint }
}

export const errorCodes = {
  // Request line, headers, body
  PATH_INVALID: row(400, 2, 'The path is not valid', 'Percent-encode it once, without empty or dot segments.'),
  PATH_TOO_LONG: row(414, 2, 'The path is too long', 'At most 255 bytes a segment and 2000 bytes a path.'),
  BODY_INVALID: row(400, 1, 'The body is not valid for its Content-Type', 'Check the syntax; nothing was stored.'),
  BODY_TOO_LARGE: row(413, 1, 'The body is too large', 'Send a smaller body or raise --max-body.'),
  BODY_INCOMPLETE: passing(400, 1, 'The body ended early', 'Send it again; nothing was stored.'),
  CONTENT_TYPE_MISSING: row(400, 1, 'Content-Type is missing or not valid', 'Name the media type of the body.'),
  CONTENT_RANGE_REFUSED: row(400, 1, 'PUT with Content-Range is not supported', 'Send the whole body.'),
  CONTENT_ENCODING_REFUSED: row(415, 1, 'Encoded bodies are not stored', 'Send the body without Content-Encoding.'),
  MEDIA_TYPE_UNSUPPORTED: row(
    415,
    1,
    'This media type is not supported here',
    'See the Accept-… header of the answer.',
  ),
  HEADER_INVALID: row(400, 1, 'A header is not valid', 'Correct the header named in the detail.'),
  LINK_INVALID: row(400, 1, 'The Link header contradicts the URL', 'A container URL ends in a slash.'),
  SLUG_INVALID: row(400, 1, 'The Slug is not usable', 'Send one path segment without a slash.'),
  SLUG_RESERVED: row(
    403,
    1,
    'The Slug names an auxiliary resource',
    'Choose a name that does not end in .acl or .meta.',
  ),
  METHOD_NOT_ALLOWED: row(405, 1, 'The method is not allowed on this resource', 'See the Allow header of the answer.'),
  METHOD_UNKNOWN: row(501, 1, 'The method is not known', 'Use GET, HEAD, OPTIONS, PUT, POST, PATCH or DELETE.'),
  NOT_ACCEPTABLE: row(406, 1, 'No representation fits the Accept header', 'Ask for the stored type or an RDF type.'),
  RANGE_UNSATISFIABLE: row(
    416,
    1,
    'The range lies outside the resource',
    'See the Content-Range header of the answer.',
  ),
  PRECONDITION_FAILED: row(
    412,
    6,
    'A precondition of the request is not met',
    'Read the resource again and repeat the change.',
  ),
  TOO_SLOW: passing(408, 1, 'The request came too slowly', 'Send at least 1 KiB a second.'),
  UPGRADE_INVALID: row(400, 1, 'This is no WebSocket handshake', 'See RFC 6455 section 4.1.'),
  UPGRADE_REQUIRED: row(426, 1, 'This address speaks WebSocket', 'Open it as a WebSocket of version 13.'),

  // Resources
  NOT_FOUND: row(404, 5, 'There is nothing at this address', 'Check the address.'),
  HOST_UNKNOWN: row(404, 5, 'No pod or server has this name', 'Use the base URL named in the detail.'),
  POD_UNKNOWN: row(404, 5, 'There is no such pod', 'xpod pod list'),
  POD_DELETED: row(410, 5, 'This pod is deleted', 'Its owner can bring it back for a week, on the account pages.'),
  CHANNEL_UNKNOWN: row(404, 5, 'There is no such notification channel', 'xpod notify list'),
  POD_EXISTS: row(409, 6, 'A pod of this name exists', 'Choose another name.'),
  POD_NAME_INVALID: row(
    400,
    2,
    'This is not a valid pod name',
    'Lower-case letters, digits and hyphens; 1 to 63 characters.',
  ),
  POD_NAME_RESERVED: row(
    409,
    6,
    'This name is reserved or was used before',
    'Choose another name, or pass --reuse-name.',
  ),
  POD_BUSY: passing(503, 75, 'The pod has too many waiting changes', 'Try again in a moment.'),
  POD_ELSEWHERE: passing(503, 75, 'This pod lives on another node', 'Try again in a moment.'),
  POD_READ_ONLY: passing(503, 75, 'The pod takes no writes at the moment', 'Try again later.'),
  CONTAINER_NOT_EMPTY: row(409, 6, 'The container is not empty', 'Delete its members first.'),
  CONTAINER_EXISTS: row(409, 6, 'A container cannot be replaced', 'PATCH its .meta, or POST into it.'),
  SLASH_TWIN: row(
    409,
    6,
    'The same name with the other slash form exists',
    'Delete that one first, or choose another name.',
  ),
  ANCESTOR_IS_DOCUMENT: row(409, 6, 'A document stands where a container is needed', 'Choose another place.'),
  PROTECTED_TRIPLES: row(
    409,
    6,
    'The change touches triples that the server manages',
    'Leave containment and resource metadata out.',
  ),
  AUXILIARY_CONFLICT: row(
    409,
    6,
    'An auxiliary resource cannot be used like this',
    'Auxiliary resources belong to an existing resource and have none of their own.',
  ),
  ACL_INVALID: row(400, 1, 'The ACL is not valid', 'Send Turtle or JSON-LD; the old ACL stays in force.'),
  ACL_WITHOUT_CONTROL: row(
    409,
    6,
    'The root ACL must keep somebody in control',
    'Grant acl:Control on the root to an agent.',
  ),
  ISSUER_PROTECTED: row(
    409,
    6,
    'The login provider of this WebID cannot be changed here',
    'Use the account pages or the command line.',
  ),
  QUOTA_EXCEEDED: row(507, 1, 'The quota of the pod is used up', 'Delete something, or ask for a larger quota.'),
  DISK_FULL: passing(507, 75, 'The server has no room left', 'Free disk space; reads and deletes still work.'),
  CORRUPT: row(500, 74, 'The stored resource is damaged', 'It is quarantined; see /readyz?verbose and the log.'),

  // Patches
  PATCH_SYNTAX: row(400, 1, 'The patch cannot be parsed', 'Check its syntax; nothing was changed.'),
  PATCH_INVALID: row(422, 1, 'The patch is not allowed in this form', 'See the detail.'),
  PATCH_CONFLICT: row(
    409,
    6,
    'The patch does not fit the state of the resource',
    'Read the resource again; nothing was changed.',
  ),
  PATCH_TARGET: row(409, 6, 'Only RDF documents can be patched', 'PUT the document; of a container, PATCH the .meta.'),
  PATCH_TOO_COMPLEX: row(422, 1, 'The WHERE clause needs too many steps', 'Make its patterns share variables.'),

  // Notifications
  SUBSCRIPTION_INVALID: row(422, 1, 'The subscription is not valid', 'See the detail.'),
  CHANNELS_FULL: row(429, 1, 'There are too many notification channels', 'Delete channels that are no longer needed.'),

  // Who is asking
  TOKEN_INVALID: row(401, 4, 'The access token is not valid', 'Log in again.'),
  PROOF_INVALID: row(401, 4, 'The DPoP proof is not valid', 'Make a new proof for each request.'),
  LOGIN_REQUIRED: row(401, 4, 'This needs a login', 'Log in with a WebID that has access.'),
  FORBIDDEN: row(403, 4, 'You are not allowed to do this', 'Ask the owner for access.'),
  REPLAY_FULL: passing(429, 75, 'Too many proofs of one key', 'Slow down.'),
  CLIENT_INVALID: row(400, 1, 'This app cannot be let in', 'Tell its makers; see the detail.'),
  INTERACTION_UNKNOWN: row(400, 1, 'This login has ended or goes on elsewhere', 'Go back to the app and log in again.'),
  FETCH_REFUSED: row(
    403,
    1,
    'This address may not be fetched',
    'Use --allow-internal for addresses inside your network.',
  ),
  FETCH_FAILED: passing(502, 75, 'A remote document could not be fetched', 'See the detail; try again later.'),

  // Accounts
  ACCOUNT_UNKNOWN: row(404, 5, 'There is no such account', 'xpod account list'),
  ACCOUNT_FULL: row(409, 6, 'The account has as many of these as it may', 'Remove one first.'),
  NAME_INVALID: row(400, 2, 'The name is not valid', 'See the detail.'),
  NAME_TAKEN: row(409, 6, 'Another account has this name', 'Choose another name.'),
  EMAIL_INVALID: row(400, 2, 'This is not an e-mail address', 'Write it like name@example.org.'),
  EMAIL_TAKEN: row(400, 6, 'An account with this e-mail address exists', 'Log in, or use another address.'),
  PASSWORD_INVALID: row(400, 2, 'The password is not usable', 'Between 1 and 1024 bytes.'),
  PASSWORD_WRONG: row(403, 4, 'The password is not right', 'Try again, or reset it.'),
  LOGIN_UNKNOWN: row(404, 5, 'The account has no such way to log in', 'See the list of the account.'),
  LOGIN_LAST: row(400, 6, 'An account needs a way to log in', 'Add another one first.'),
  PASSKEY_INVALID: row(403, 4, 'The passkey was not accepted', 'Try again, or log in another way.'),
  PASSKEY_TAKEN: row(409, 6, 'This passkey is in use', 'Use another one.'),
  RESET_INVALID: row(400, 4, 'This link to reset the password no longer works', 'Ask for a new one.'),
  WEBID_INVALID: row(400, 2, 'This is not a WebID', 'A WebID is an http or https URL of at most 2000 bytes.'),
  WEBID_TAKEN: row(400, 6, 'The WebID is linked to another account', 'Unlink it there first.'),
  WEBID_UNKNOWN: row(400, 5, 'The WebID does not belong to this account', 'Link it to the account first.'),
  CREDENTIAL_UNKNOWN: row(404, 5, 'There are no such credentials', 'xpod credentials list'),
  LOGIN_FAILED: row(403, 4, 'The login or the password is not right', 'Try again, or ask for a link to reset it.'),
  LOGIN_AGAIN: row(403, 4, 'This needs a log-in of a few minutes ago', 'Log in again, then repeat it.'),
  ACCOUNT_DISABLED: row(403, 4, 'The account is disabled', 'Ask the operator of this server.'),
  ACCOUNT_DELETING: row(403, 4, 'The account is about to be deleted', 'Take the deletion back first.'),
  REGISTRATION_CLOSED: row(403, 4, 'This server takes no new accounts', 'Ask the operator of this server.'),
  INVITE_INVALID: row(403, 4, 'A new account needs a valid invite', 'Ask the operator: xpod account invite'),
  INVITE_UNKNOWN: row(404, 5, 'There is no such invite', 'xpod account invites'),
  MAIL_OFF: row(400, 78, 'This server sends no letters', 'Ask its operator: xpod account reset-link'),
  FORM_STALE: row(403, 4, 'The form is too old or came from elsewhere', 'Load the page again and send it once more.'),
  NAME_MISMATCH: row(400, 2, 'This is not its name', 'Type the name exactly as it is shown.'),
  NOT_SURE: row(400, 2, 'It was not confirmed', 'Tick the box that says so.'),
  FIELD_INVALID: row(400, 2, 'A field is missing or not valid', 'See the detail.'),
  EXPIRY_INVALID: row(400, 2, 'The end must lie ahead, at most ten years', 'Choose another date.'),
  OWNER_LAST: row(400, 6, 'A pod needs an owner', 'Add another one first.'),
  WEBID_UNPROVEN: row(400, 4, 'It is not proved yet that the WebID is yours', 'Add the triple to its document.'),
  APP_UNKNOWN: row(404, 5, 'No such app is connected', 'See the list of connected apps.'),
  SESSION_UNKNOWN: row(404, 5, 'There is no such session', 'See the list of sessions.'),
  // Passes with time, but its own Retry-After says when.
  TOO_MANY_ATTEMPTS: row(429, 75, 'Too many attempts', 'Wait, or use a device that logged in before.'),

  // The server
  OVERLOADED: passing(503, 75, 'The server is busy', 'Try again in a moment.'),
  OUTCOME_UNKNOWN: passing(
    503,
    74,
    'It is not known whether the change was stored',
    'Read the resource to find out; the server restarts.',
  ),
  DATABASE_UNAVAILABLE: passing(503, 75, 'The database does not answer', 'Try again in a moment.'),
  DATABASE_READ_ONLY: passing(
    503,
    75,
    'The database takes no writes at the moment',
    'Reads work; see the log of the server.',
  ),
  OBJECTS_UNAVAILABLE: passing(503, 75, 'The object store does not answer', 'Try again in a moment.'),
  OBJECTS_REFUSED: row(503, 78, 'The object store refuses this server', 'Correct the setting named in the detail.'),
  SHUTTING_DOWN: passing(503, 75, 'The server is stopping', 'Try again in a moment.'),
  INTERNAL: row(500, 1, 'The server failed', 'See the log of the server.'),

  // Starting and operating
  CONFIG_INVALID: row(500, 78, 'The configuration is not valid', 'xpod config show --origin'),
  CONFIG_CONFLICT: row(500, 78, 'One setting has two different values', 'Keep one of the two names.'),
  BASE_URL_CHANGED: row(
    500,
    78,
    'The base URL differs from the one the data was written under',
    'Start with the old --base-url.',
  ),
  SECRET_MISMATCH: row(
    500,
    78,
    'The secret file is not the one the data was sealed with',
    'Give the old --secret-file.',
  ),
  SECRET_UNUSABLE: row(500, 78, 'The secret file cannot be used', 'Check its path, its owner and its size.'),
  SCHEMA_NEWER: row(500, 78, 'The data was written by a newer xpod', 'Install that version or a later one.'),
  SCHEMA_ALTERED: row(
    500,
    78,
    'A migration that was applied has changed since',
    'Install the xpod that wrote this data.',
  ),
  SCHEMA_OLDER: row(500, 78, 'The data was written by an older xpod', 'xpod db migrate'),
  COPY_TARGET_TAKEN: row(409, 6, 'The target of the copy is not empty', 'Copy into an empty database.'),
  COPY_MISMATCH: row(
    500,
    74,
    'The copy is not what its source is',
    'Run it again with --restart; the source is as it was.',
  ),
  COPY_UNFINISHED: row(500, 78, 'The database holds a copy that is not finished', 'Run xpod db copy again.'),
  DATABASE_IN_USE: row(500, 75, 'The database is in use', 'Stop what runs on it, then run it again.'),
  DATABASE_RETIRED: row(500, 78, 'The data lives elsewhere now', 'Start with --db of the copy.'),
  NODE_REPLACED: row(500, 78, 'Another process runs as this node', 'Give each center a data directory of its own.'),
  DATA_DIR_LOCKED: row(500, 75, 'Another process uses this data directory', 'Stop it, or choose another --data-dir.'),
  DATA_DIR_UNUSABLE: row(
    500,
    78,
    'The data directory cannot be used',
    'Check its owner, its permissions and its filesystem.',
  ),
  // While a server runs, what is amiss at the database may be mended there.
  DATABASE_UNSUITABLE: passing(
    503,
    78,
    'The database cannot be used',
    'Correct --db, or the settings of the database.',
  ),
  CACHE_LOCKED: row(500, 75, 'Another process uses this cache', 'Stop it, or choose another --cache-path.'),
  OBJECTS_ELSEWHERE: row(
    500,
    78,
    'The bodies of this data lie in another place',
    'Start with the --s3 that the data was written with.',
  ),
  PORT_IN_USE: row(500, 75, 'The address is taken by another program', 'Choose another --listen.'),
  USAGE: row(500, 2, 'The command is not used like this', 'xpod --help'),
  CONFIRMATION_NEEDED: row(400, 2, 'This command asks before it acts', 'Pass --yes to go on without being asked.'),
  CONTROL_UNREACHABLE: passing(503, 3, 'The running server does not answer', 'Look at its log.'),
} as const satisfies Record<string, ErrorCodeRow>

export type ErrorCode = keyof typeof errorCodes
