// The JSON-LD contexts that travel with xpod, by every URL they are known under. Nothing is fetched here: what is neither
// here nor kept from an earlier fetch is an unknown context (rule 13). schema.org is bundled as its vocabulary and the URL-valued terms people use most, not
// as the 170 KiB original; its other terms resolve by @vocab.

import activitystreams from '../contexts/activitystreams.json' with { type: 'json' }
import ldp from '../contexts/ldp.json' with { type: 'json' }
import notification from '../contexts/solid-notification.json' with { type: 'json' }
import notifications from '../contexts/solid-notifications.json' with { type: 'json' }
import schema from '../contexts/schema.json' with { type: 'json' }
import security1 from '../contexts/security-v1.json' with { type: 'json' }
import security2 from '../contexts/security-v2.json' with { type: 'json' }
import solidOidc from '../contexts/solid-oidc.json' with { type: 'json' }

/** What a document may use besides those bundled: context documents by the URL that it names. */
export type Contexts = ReadonlyMap<string, object>

/** Keys without scheme, trailing slash or fragment. */
const contexts: Readonly<Record<string, object>> = {
  'www.w3.org/ns/activitystreams': activitystreams,
  'www.w3.org/ns/activitystreams.jsonld': activitystreams,
  'www.w3.org/ns/solid/oidc-context.jsonld': solidOidc,
  'www.w3.org/ns/solid/oidc/v1': solidOidc,
  'www.w3.org/ns/solid/notification/v1': notification,
  'www.w3.org/ns/solid/notifications/v1': notification,
  'www.w3.org/ns/solid/notifications-context/v1': notifications,
  'schema.org': schema,
  'www.schema.org': schema,
  'schema.org/docs/jsonldcontext.jsonld': schema,
  'schema.org/docs/jsonldcontext.json': schema,
  'w3id.org/security/v1': security1,
  'w3id.org/security/v2': security2,
  'www.w3.org/ns/ldp': ldp,
  'www.w3.org/ns/ldp.jsonld': ldp,
}

export function bundledContext(url: string): object | undefined {
  const key = /^https?:\/\/([^#]*?)\/?(?:#.*)?$/i.exec(url)?.[1]
  return key !== undefined && Object.hasOwn(contexts, key) ? contexts[key] : undefined
}
