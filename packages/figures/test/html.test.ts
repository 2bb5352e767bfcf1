import { expect, it } from 'vitest';
import { escape, html } from '../src/report/html.js';

it('escapes everything that is interpolated, in elements, attributes and lists', () => {
  const hostile = `<script>alert("1")</script>&'`;
  expect(html`<b title="${hostile}">${[hostile, 3]}</b>`.text).toBe(
    '<b title="&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt;&amp;&#39;">&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt;&amp;&#39;3</b>',
  );
});

it('keeps markup, and nothing for undefined', () => {
  expect(html`<i>${html`<b>${'<'}</b>`}${undefined}</i>`.text).toBe('<i><b>&lt;</b></i>');
});

it('replaces control characters, which HTML cannot hold', () => {
  expect(escape('a\u0000b\u001bc\td\n')).toBe('a\ufffdb\ufffdc\td\n');
});
