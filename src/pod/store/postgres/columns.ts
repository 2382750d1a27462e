// The columns of the tables as PostgreSQL's queries name them, so that a row comes in the form of rows.ts. `resource` has the
// last segment instead of the key.

/** Of `resource r`. */
export const readColumns = `CASE WHEN r.parent = '.' THEN '' ELSE r.parent || '/' || r.name END AS "key",
  r.kind, r.seq, r.mark, r.child_seq AS "childSeq", r.media_type AS "mediaType", r.size, r.sha256, r.body, r.blob,
  r.modified_ms AS "modifiedMs"`

/** Of `pod_head h`. */
export const headColumns = `h.pod, h.node, h.epoch, h.state, h.seq, h.mark, h.acl_seq AS "aclSeq", h.bytes, h.resources,
  h.digest, h.pins`

/** Of `feed f`. */
export const feedColumns = `f.seq, f.mark, f.epoch, f.at_ms AS "atMs", f.op_id AS "opId", f.agent,
  f.bytes_delta AS "bytesDelta", f.acl_seq AS "aclSeq", f.touched, f.parents`

/** Of `pod p`. */
export const recordColumns = `p.id, p.name, p.base, p.aliases, p.owners, p.quota_bytes AS "quotaBytes",
  p.quota_resources AS "quotaResources", p.created_ms AS "createdMs"`
