// What every page of this server looks like: its colours, light and dark, and its typeface. Pages write their own rules and
// take these from here, so that a container's listing, an account page and an error are recognised as one house.
// Every pair of text and ground has a contrast of at least 4.5 : 1, every edge of a control at least 3 : 1; no web fonts.

const light = `--page:#f4f5f8;--card:#fff;--text:#1a2030;--soft:#576072;--line:#e0e3ea;--edge:#848c9c;--link:#2350bd;--fill:#2952c4;--on-fill:#fff;--tint:#eaf0fd;--bad:#ad2119;--bad-tint:#fdeeec;--good:#17683a;--good-tint:#e9f6ee;--warn:#7c4a03;--warn-tint:#fdf3dc`
const dark = `--page:#0f131b;--card:#171c27;--text:#e7eaf1;--soft:#a0a9ba;--line:#2a3140;--edge:#6f7a8f;--link:#93b4ff;--fill:#8fb0ff;--on-fill:#0c1530;--tint:#1d2942;--bad:#ff9f96;--bad-tint:#361b1c;--good:#7bd6a0;--good-tint:#14291e;--warn:#f2c46d;--warn-tint:#2e2413`

/** Custom properties for both themes. */
export const colours = `:root{color-scheme:light dark;${light}}@media (prefers-color-scheme:dark){:root{${dark}}}`

export const typeface = 'system-ui,-apple-system,"Segoe UI","Noto Sans SC","PingFang SC","Microsoft YaHei",sans-serif'
