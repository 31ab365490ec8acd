'use strict';
(() => {
  const $ = id => document.getElementById(id);
  const svgNS = 'http://www.w3.org/2000/svg';
  const inflate = async text => {
    const bytes = Uint8Array.from(atob(text), c => c.charCodeAt(0));
    return new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream('deflate'))).text();
  };
  const pictures = [...document.querySelectorAll('script.pic')];
  const file = document.querySelector('h1').textContent;

  // ---- the picture: bars are moved along the axis; what they are was drawn already
  let shown = 0, svg = null, geo = null, view = null;
  const seconds = ns => {           // ns: BigInt, as trace-cmd prints it
    const micros = (ns + 500n) / 1000n, fraction = String(micros % 1000000n).padStart(6, '0');
    return `${micros / 1000000n}.${fraction}`;
  };
  const nanos = text => {           // the reverse; null for what is no time
    const match = /^\s*(\d+)(?:\.(\d{1,9}))?\s*$/.exec(text);
    return match && BigInt(match[1]) * 1000000000n + BigInt((match[2] || '').padEnd(9, '0'));
  };
  const fitted = (text, width) => {
    const room = Math.floor(Math.max(width, 0) / 6), chars = [...text];
    return chars.length <= room ? text : room < 4 ? '' : chars.slice(0, room - 1).join('') + '…';
  };
  const part = (text, width) => {   // the label of a bar: all of it, or so much that it can be guessed
    const room = Math.floor(Math.max(width, 0) / 6), count = [...text].length;
    return count <= room || room >= 6 && room * 2 >= count ? fitted(text, width) : '';
  };
  const step = least => {
    for (let power = 1; ; power *= 10) for (const digit of [1, 2, 5]) if (digit * power >= least) return digit * power;
  };

  function adopt() {
    svg = $('pic').querySelector('svg');
    const d = svg.dataset;
    geo = {t0: BigInt(d.t0), n: Number(d.n), x: Number(d.x), w: Number(d.w), top: Number(d.top), bot: Number(d.bot), rows: Number(d.rows)};
    geo.grid = geo.top + 17 + 13 * geo.rows;
    view = {from: 0, to: geo.n};
    svg.tabIndex = 0;
    for (const rect of svg.querySelectorAll('rect.k')) {
      rect.b = Number(rect.dataset.b); rect.e = Number(rect.dataset.e);
      const label = rect.nextElementSibling;
      rect.label = label && label.tagName === 'text' ? label : null;
      rect.may = rect.classList.contains('mark') || rect.classList.contains('picked');   // a label beside the bar
      let next = rect.nextElementSibling;
      while (next && next.tagName !== 'rect') next = next.nextElementSibling;
      rect.next = next ? Number(next.dataset.b) : Infinity;
    }
    for (const title of svg.querySelectorAll('title')) {
      title.parentNode.tip = title.textContent;
      title.remove();
    }
    for (const text of svg.querySelectorAll('.in text')) text.removeAttribute('display');
    mark();
  }

  function place() {
    const {from, to} = view, scale = geo.w / (to - from), right = geo.x + geo.w;
    const x = t => geo.x + (t - from) * scale;
    const held = t => Math.min(Math.max(x(t), geo.x), right);
    for (const rect of svg.querySelectorAll('rect.k')) {
      const [a, b] = [held(rect.b), held(rect.e)];
      const out = rect.e <= from || rect.b >= to;
      rect.style.display = out ? 'none' : '';
      if (!out) { rect.setAttribute('x', a); rect.setAttribute('width', Math.max(b - a, 0.8)); }
      const label = rect.dataset.l || '', wide = [...label].length * 6.4, beside = rect.may && wide > b - a - 6;
      const text = out ? '' : beside ? (b + 8 + wide < Math.min(x(rect.next), 1240) ? label : '') : part(label, b - a - 6);
      if (text && !rect.label) {
        rect.label = document.createElementNS(svgNS, 'text');
        rect.label.setAttribute('class', rect.getAttribute('class').replace(/\bk\b/, 't'));
        const y = Number(rect.getAttribute('y')), h = Number(rect.getAttribute('height'));
        rect.label.setAttribute('y', h < 5 ? y - 2 : y + h / 2 + 3.5);
        rect.after(rect.label);
      }
      if (rect.label) {
        rect.label.textContent = text;
        rect.label.setAttribute('x', beside ? b + 4 : a + 3);
        rect.label.classList.toggle('mb', beside);
      }
    }
    const focus = svg.querySelector('.fo'), fa = held(Number(focus.dataset.b)), fb = held(Number(focus.dataset.e));
    focus.setAttribute('x', fa); focus.setAttribute('width', Math.max(fb - fa, 0));
    for (const arrow of svg.querySelectorAll('.ar')) {
      const a = Number(arrow.dataset.b), b = Number(arrow.dataset.e);
      arrow.style.display = a < from || b > to ? 'none' : '';
      const [line, head, dot] = arrow.querySelectorAll('path');
      arrow.ys ??= [/M\S+ (\S+)L\S+ (\S+)/.exec(line.getAttribute('d')), ...[head, dot].map(p => p.getAttribute('d').replace(/^M\S+/, ''))];
      line.setAttribute('d', `M${x(a)} ${arrow.ys[0][1]}L${x(b)} ${arrow.ys[0][2]}`);
      head.setAttribute('d', `M${x(b)}${arrow.ys[1]}`);
      dot.setAttribute('d', `M${x(a)}${arrow.ys[2]}`);
    }
    const free = Array(geo.rows).fill(0);
    for (const mark of svg.querySelectorAll('.in > *')) {
      const at = Number(mark.dataset.b), gone = at < from || at > to, px = x(at);
      mark.style.display = gone ? 'none' : '';
      if (gone) continue;
      if (mark.tagName === 'line') { mark.setAttribute('x1', px); mark.setAttribute('x2', px); continue; }
      const wide = mark.textContent.length * 6.9, start = px + wide > right ? px - wide - 3 : px + 3;
      mark.setAttribute('x', start);
      const row = free.findIndex(taken => start >= taken);
      if (row < 0) { mark.style.display = 'none'; continue; }
      mark.setAttribute('y', geo.top + 11 + 13 * row);
      free[row] = start + wide + 8;
    }
    axis(x);
    const label = t => seconds(geo.t0 + BigInt(Math.round(t)));
    $('tf').value = label(from); $('tt').value = label(to);
    history.replaceState(null, '', link());
    $('ln').href = link();
  }

  function axis(x) {
    const [lines, labels] = svg.querySelectorAll('.ax'), each = step((view.to - view.from) / 8);
    lines.replaceChildren();
    labels.replaceChildren();
    const begin = geo.t0 + BigInt(Math.floor(view.from));
    let at = (begin / BigInt(each) + (begin % BigInt(each) ? 1n : 0n)) * BigInt(each);
    for (let i = 0; i < 20; i++, at += BigInt(each)) {
      const t = Number(at - geo.t0);
      if (t > view.to) break;
      const px = x(t), line = document.createElementNS(svgNS, 'line'), text = document.createElementNS(svgNS, 'text');
      for (const [k, v] of [['x1', px], ['x2', px], ['y1', geo.grid], ['y2', geo.bot]]) line.setAttribute(k, v);
      text.setAttribute('x', px); text.setAttribute('y', geo.grid - 4);
      text.setAttribute('text-anchor', px > geo.x + geo.w - 34 ? 'end' : px < geo.x + 30 ? 'start' : 'middle');
      text.textContent = each < 1000
        ? `${at / 1000000000n}.${String(at % 1000000000n).padStart(9, '0')}` : seconds(at);
      lines.append(line);
      labels.append(text);
    }
  }

  function zoom(factor, around) {
    const span = view.to - view.from, centre = around ?? (view.from + view.to) / 2;
    const next = Math.min(Math.max(span * factor, 20), geo.n);
    let from = centre - (centre - view.from) * next / span;
    from = Math.min(Math.max(from, 0), geo.n - next);
    view = {from, to: from + next};
    place();
  }
  function pan(by) {
    const span = view.to - view.from, from = Math.min(Math.max(view.from + by, 0), geo.n - span);
    view = {from, to: from + span};
    place();
  }
  function range(from, to) {        // BigInt instants
    const a = Math.max(Number(from - geo.t0), 0), b = Math.min(Number(to - geo.t0), geo.n);
    if (b > a) { view = {from: a, to: b}; place(); }
  }
  const link = () => `#p=${shown}` + (view.from > 0 || view.to < geo.n
    ? `&t=${seconds(geo.t0 + BigInt(Math.round(view.from)))}-${seconds(geo.t0 + BigInt(Math.round(view.to)))}` : '');

  async function show(number, from, to) {
    if (!pictures[number]) return;
    const data = pictures[number].dataset, drawing = await inflate(pictures[number].textContent);
    shown = number;
    $('pic').innerHTML = drawing;   // made by the program; every name in it is escaped
    $('pt').textContent = data.title;
    $('pf').replaceChildren(...data.facts.split('\n').map(line => Object.assign(document.createElement('p'), {textContent: line})));
    const quoted = /^[\w./+-]+$/.test(file) ? file : `'${file.replaceAll("'", "'\\''")}'`;
    $('cmd').textContent = `proxytrace explain ${quoted} ` + (data.finding ?? (data.inversion ? `--inversion ${data.inversion}` : `--wait ${data.wait}`));
    for (const item of document.querySelectorAll('#finds li'))
      if (item.classList.toggle('on', item.querySelector('a')?.dataset.p === String(number))) {
        const more = item.closest('details');
        if (more) more.open = true;
      }
    adopt();
    place();
    if (from !== undefined) range(from, to);
    document.body.dataset.shown = number;
  }

  function mark() {                 // bars of the task that is looked for
    const wanted = $('ff').value.trim().toLowerCase();
    for (const rect of svg.querySelectorAll('rect.k')) {
      const lane = rect.closest('.ln')?.querySelector('.la')?.textContent ?? '';
      const hit = wanted && [lane, rect.dataset.l, rect.tip ?? ''].join('\n').toLowerCase().includes(wanted);
      rect.classList.toggle('hit', !!hit);
      rect.classList.toggle('dim', !!wanted && !hit);
    }
    const hits = svg.querySelectorAll('rect.hit').length;
    $('fn').textContent = wanted ? `${hits} bar${hits === 1 ? '' : 's'} here` : '';
  }

  async function next() {           // the next picture with the task that is looked for
    const wanted = $('ff').value.trim().toLowerCase();
    if (!wanted) return;
    for (let step = 1; step <= pictures.length; step++) {
      const number = (shown + step) % pictures.length, page = document.createElement('template');
      page.innerHTML = await inflate(pictures[number].textContent);
      const words = [...page.content.querySelectorAll('.la, title')].map(e => e.firstChild?.textContent ?? '').join('\n');
      if (words.toLowerCase().includes(wanted)) return show(number);
    }
    $('fn').textContent = 'in no picture';
  }

  function listen() {
    const toTime = event => {
      const box = svg.getBoundingClientRect(), px = (event.clientX - box.left) * 1240 / box.width;
      return view.from + (px - geo.x) / geo.w * (view.to - view.from);
    };
    let grip = null;
    $('pic').addEventListener('wheel', event => {
      if (!event.ctrlKey && !event.metaKey && !event.shiftKey) return;
      event.preventDefault();
      zoom(event.deltaY > 0 ? 1.25 : 0.8, toTime(event));
    }, {passive: false});
    $('pic').addEventListener('pointerdown', event => {
      grip = {x: event.clientX, from: view.from};
      svg.classList.add('drag');
    });
    addEventListener('pointermove', event => {
      if (grip) {
        const box = svg.getBoundingClientRect(), px = (event.clientX - grip.x) * 1240 / box.width;
        pan(grip.from - px / geo.w * (view.to - view.from) - view.from);
      }
      const tip = event.target.tip ?? event.target.parentNode?.tip;
      $('tip').hidden = !tip || !!grip;
      if (tip) {
        $('tip').textContent = tip;
        $('tip').style.left = Math.min(event.clientX + 14, innerWidth - 480) + 'px';
        $('tip').style.top = Math.min(event.clientY + 14, innerHeight - 20 - $('tip').offsetHeight) + 'px';
      }
    });
    addEventListener('pointerup', () => { grip = null; svg?.classList.remove('drag'); });
    $('pic').addEventListener('dblclick', event => zoom(0.4, toTime(event)));
    const quarter = () => (view.to - view.from) / 4;
    const keys = {
      '+': () => zoom(0.6), '=': () => zoom(0.6), '-': () => zoom(1 / 0.6), '0': () => zoom(1e9),
      ArrowLeft: () => pan(-quarter()), ArrowRight: () => pan(quarter()),
      j: () => show(shown + 1), k: () => show(shown - 1), '/': () => $('ff').focus(),
    };
    addEventListener('keydown', event => {
      if (/^(INPUT|TEXTAREA|SELECT)$/.test(event.target.tagName) || event.ctrlKey || event.metaKey || event.altKey) return;
      if (event.key.startsWith('Arrow') && $('tw').contains(document.activeElement)) return;
      if (keys[event.key]) { event.preventDefault(); keys[event.key](); }
    });
    const click = (id, action) => $(id).addEventListener('click', action);
    click('zi', keys['+']); click('zo', keys['-']); click('za', keys['0']);
    click('zl', keys.ArrowLeft); click('zr', keys.ArrowRight); click('pp', keys.k); click('pn', keys.j);
    for (const id of ['tf', 'tt']) $(id).addEventListener('change', () => {
      const [from, to] = [nanos($('tf').value), nanos($('tt').value)];
      if (from !== null && to !== null) range(from, to); else place();
    });
    $('ff').addEventListener('input', mark);
    $('ff').addEventListener('keydown', event => { if (event.key === 'Enter') next(); });
    for (const anchor of document.querySelectorAll('#finds a')) anchor.addEventListener('click', event => {
      event.preventDefault();
      show(Number(anchor.dataset.p));
    });
    addEventListener('hashchange', follow);
  }

  function follow() {
    const match = /^#p=(\d+)(?:&t=([\d.]+)-([\d.]+))?$/.exec(location.hash);
    if (!match) return show(0);
    return match[2] ? show(Number(match[1]), nanos(match[2]), nanos(match[3])) : show(Number(match[1]));
  }

  // ---- tables: only the rows in sight are in the document
  let tables = [], table = null, order = [], sorted = null;
  const rowHeight = 21;
  const value = (column, row) => table.cols[column].v[row];
  const number = cell => cell === null ? -Infinity : typeof cell === 'number' ? cell : Number(cell);

  function filter() {
    const words = $('tq').value.trim().toLowerCase().split(/\s+/).filter(Boolean);
    const tests = words.map(word => {
      const match = /^(\w+)(>=|<=|=|>|<)(.+)$/.exec(word), column = match ? table.cols.findIndex(c => c.n === match[1]) : -1;
      if (column < 0) return row => table.cols.some(c => c.v[row] !== null && String(c.v[row]).toLowerCase().includes(word));
      const wanted = match[3];
      if (match[2] === '=') return row => String(value(column, row) ?? '').toLowerCase() === wanted;
      const compare = {'>': (a, b) => a > b, '<': (a, b) => a < b, '>=': (a, b) => a >= b, '<=': (a, b) => a <= b}[match[2]];
      return row => value(column, row) !== null && compare(number(value(column, row)), Number(wanted));
    });
    order = [];
    const rows = table.cols[0].v.length;
    for (let row = 0; row < rows; row++) if (tests.every(test => test(row))) order.push(row);
    if (sorted) {
      const {column, down} = sorted, cells = table.cols[column].v, numeric = table.cols[column].r, sign = down ? -1 : 1;
      order.sort((a, b) => sign * (numeric ? number(cells[a]) - number(cells[b])
        : String(cells[a] ?? '').localeCompare(String(cells[b] ?? ''))) || a - b);
    }
    const kept = rows < table.all ? `; the page holds the ${rows} longest of ${table.all}` : '';
    $('ti').textContent = `${order.length} of ${rows} rows${kept}`;
    $('tw').scrollTop = 0;
    rowsInSight();
  }

  function rowsInSight() {
    const top = $('tw').scrollTop, first = Math.max(Math.floor(top / rowHeight) - 10, 0);
    const last = Math.min(first + Math.ceil($('tw').clientHeight / rowHeight) + 30, order.length);
    const body = document.createElement('tbody');
    const pad = height => {
      const row = body.insertRow(), cell = row.insertCell();
      row.className = 'pad'; cell.colSpan = table.cols.length; cell.style.height = height + 'px';
    };
    if (first > 0) pad(first * rowHeight);
    for (let place = first; place < last; place++) {
      const row = body.insertRow();
      row.dataset.row = order[place];
      if (pictureOf(order[place]) !== undefined) row.className = 'go';
      for (const column of table.cols) {
        const cell = row.insertCell(), text = column.v[order[place]];
        cell.textContent = text === null ? '' : text;
        if (column.r) cell.className = 'r';
      }
    }
    if (last < order.length) pad((order.length - last) * rowHeight);
    $('tg').tBodies[0].replaceWith(body);
  }

  function pictureOf(row) {         // the picture of a row's wait
    const column = table.cols.findIndex(c => c.n === (table.name === 'waits' ? 'id' : 'wait_id'));
    if (column < 0) return undefined;
    const wait = String(value(column, row)), found = pictures.findIndex(p => p.dataset.wait === wait);
    return found < 0 ? undefined : found;
  }

  function open(name) {
    table = tables.find(t => t.name === name);
    sorted = null;
    for (const button of $('tn').children) button.classList.toggle('on', button.textContent === name);
    const head = $('tg').tHead;
    head.replaceChildren();
    const row = head.insertRow();
    table.cols.forEach((column, place) => {
      const cell = document.createElement('th');
      cell.textContent = column.n;
      cell.title = column.d + (column.u ? ` (${column.u})` : '');
      if (column.r) cell.className = 'r';
      cell.tabIndex = 0;
      cell.addEventListener('keydown', event => { if (event.key === 'Enter') cell.click(); });
      cell.addEventListener('click', () => {
        sorted = {column: place, down: sorted?.column === place ? !sorted.down : column.r};
        for (const other of row.cells) { other.textContent = other.textContent.replace(/ [▲▼]$/, ''); other.ariaSort = null; }
        cell.textContent += sorted.down ? ' ▼' : ' ▲';
        cell.ariaSort = sorted.down ? 'descending' : 'ascending';
        filter();
      });
      row.append(cell);
    });
    filter();
  }

  async function begin() {
    if (pictures.length) { listen(); await follow(); }
    tables = JSON.parse(await inflate($('tables').textContent));
    if (tables.length) {
      for (const {name} of tables) {
        const button = document.createElement('button');
        button.textContent = name;
        button.addEventListener('click', () => open(name));
        $('tn').append(button);
      }
      $('tq').addEventListener('input', filter);
      $('tw').addEventListener('scroll', rowsInSight);
      $('tg').addEventListener('click', event => {
        const row = event.target.closest('tr.go');
        if (!row) return;
        const at = name => table.cols.find(c => c.n === name)?.v[row.dataset.row];
        const [from, to] = [at('begin_ns'), at('end_ns')];
        const whole = table.name === 'waits' || from == null || to == null;
        show(pictureOf(row.dataset.row), ...(whole ? [] : [BigInt(from), BigInt(to)]));
        $('sec').scrollIntoView();
      });
      open(tables.some(t => t.name === 'waits') ? 'waits' : tables[0].name);
    }
    document.body.dataset.ready = 'yes';
  }
  addEventListener('beforeprint', () => { for (const more of document.querySelectorAll('details')) more.open = true; });
  window.proxytrace = {tables: () => tables, show, range, view: () => view};   // for tests
  begin();
})();
