#!/usr/bin/env python3
"""Writes the golden cases of the statistics: make.py OUTDIR [SIZE [SEED]], SIZE 1 for tests/golden, more for a harder run.

The towns are invented (seeded); the numbers are those of the reference packages, in the form of the reference folder:
libpysal 4.14.1, esda 2.8.2 with numba, scikit-learn 1.9.1, scipy 1.17.1, numpy 2.4.6, shapely, pyproj."""
import json, os, sys, warnings
import numpy as np
warnings.filterwarnings('ignore')
import esda, geopandas, libpysal, pyproj, scipy.stats, shapely, sklearn
from libpysal.graph import Graph
from libpysal.weights import W
from sklearn.cluster import DBSCAN
from sklearn.neighbors import KernelDensity
from shapely.geometry import Polygon, MultiPolygon, mapping

out, size, seed = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 1, int(sys.argv[3]) if len(sys.argv) > 3 else 20261
rng = np.random.default_rng(seed)
index = []
os.makedirs(out, exist_ok=True)
versions = {m.__name__: m.__version__ for m in (esda, libpysal, sklearn, shapely, np)} | {'scipy': scipy.__version__, 'pyproj': pyproj.__version__}

def null(v):
    if isinstance(v, (list, tuple, np.ndarray)): return [null(x) for x in v]
    if isinstance(v, (np.bool_, bool)): return bool(v)
    if isinstance(v, (np.integer, int)): return int(v)
    if isinstance(v, (float, np.floating)): return float(v) if np.isfinite(v) else None
    if isinstance(v, dict): return {k: null(x) for k, x in v.items()}
    return v

def case(name, kind, given, expected, note=''):
    text = json.dumps(dict(case=name, kind=kind, produced_by=versions, note=note, tolerance={}, input=null(given), expected=null(expected)), separators=(',', ':'))
    open(os.path.join(out, name + '.json'), 'w').write(text + '\n')
    index.append(dict(case=name, kind=kind, file=name + '.json'))

def layer(name, shapes):
    features = [dict(type='Feature', id=i, properties={}, geometry=mapping(s)) for i, s in enumerate(shapes)]
    json.dump(dict(type='FeatureCollection', features=features), open(os.path.join(out, name), 'w'), separators=(',', ':'))

def town(side, dirty):
    """A bent lattice; dirty: some cells are shifted a little, so that borders overlap, gape and have other corners."""
    at = {(i, j): (round(100. * i + rng.uniform(-25, 25), 3), round(100. * j + rng.uniform(-25, 25), 3)) for i in range(side + 1) for j in range(side + 1)}
    shapes = []
    for j in range(side):
        for i in range(side):
            ring = [at[i, j], at[i + 1, j], at[i + 1, j + 1], at[i, j + 1]]
            if dirty and rng.uniform() < .3:
                dx, dy = rng.normal(0, 3, 2); ring = [(x + dx, y + dy) for x, y in ring]
            shapes.append(Polygon(ring))
    hole = shapes[0].buffer(-30)
    shapes[0] = Polygon(shapes[0].exterior.coords, [hole.exterior.coords]); shapes.append(Polygon(hole.exterior.coords))
    shapes.append(MultiPolygon([Polygon([(5000, 5000), (5100, 5000), (5000, 5100)]), Polygon([(5300, 5000), (5400, 5000), (5300, 5050)])]))
    return shapes

def contiguity(name, shapes):
    layer(name + '.geojson', shapes); n = len(shapes); g = geopandas.GeoSeries(shapes)
    lists = lambda G: [sorted(int(v) for v in G[i].index if v != i and G[i][v] > 0) for i in range(n)]
    queen, rook = lists(Graph.build_contiguity(g, rook=False)), lists(Graph.build_contiguity(g, rook=True))
    inter, line, lengths = [[] for _ in range(n)], [[] for _ in range(n)], []
    for a in range(n):
        for b in range(a + 1, n):
            if shapes[a].intersects(shapes[b]):
                inter[a].append(b); inter[b].append(a)
                length = shapes[a].boundary.intersection(shapes[b].boundary).length
                if length > 0: line[a].append(b); line[b].append(a); lengths.append([a, b, length])
    case(name, 'contiguity', dict(geometry_file=name + '.geojson', n=n), dict(queen_vertex=queen, rook_edge=rook, intersects=[sorted(v) for v in inter],
         shared_line=[sorted(v) for v in line], shared_boundary_length=lengths, queen_islands=[i for i in range(n) if not queen[i]]))
    radius = [shapely.minimum_bounding_radius(s) for s in shapes]; area = g.area.to_numpy(); per = g.length.to_numpy(); pp = 4 * np.pi * area / per**2
    case('compactness_' + name, 'compactness', dict(geometry_file=name + '.geojson'), dict(area=area, perimeter=per, polsby_popper=pp, schwartzberg=1 / np.sqrt(pp),
         min_circle_radius=radius, reock=area / (np.pi * np.array(radius)**2), convex_hull_ratio=area / g.convex_hull.area.to_numpy()))
    return queen

def links(n, most):
    nb = [set() for _ in range(n)]
    for i in range(n):
        for j in rng.choice(n, rng.integers(0, most // 2 + 1), replace=False):
            if i != j: nb[i].add(int(j)); nb[int(j)].add(i)
    return [sorted(v) for v in nb]

def gather(name, y, nb, permutations):
    y = np.asarray(y, float); n = len(y); full = W({i: [i] + l for i, l in enumerate(nb)}, silence_warnings=True)
    w1 = np.array([len(l) + 1. for l in nb]); m = y.mean(); s = np.sqrt((y**2).mean() - m**2); local = np.array([y[[i] + l].sum() for i, l in enumerate(nb)])
    with np.errstate(all='ignore'): z = (local - m * w1) / (s * np.sqrt((n * w1 - w1**2) / (n - 1)))
    if permutations:
        got = esda.G_Local(y, full, transform='B', star=True, permutations=0); assert np.allclose(got.Zs, z, rtol=1e-8, atol=1e-9)
    if s < 1e-12 * abs(m) or s == 0: z[:] = np.nan
    p1 = scipy.stats.norm.sf(np.abs(z)); p2 = 2 * p1; ok = np.isfinite(z); t = esda.fdr(p2[ok], .05) if ok.any() else None
    bins = [None if not o else int(np.sign(a) * (3 if p < .01 else 2 if p < .05 else 1 if p < .1 else 0)) for o, a, p in zip(ok, z, p2)]
    with np.errstate(all='ignore'): G = local / y.sum()
    case('gistar_' + name, 'gi_star', dict(n=n, y=y, neighbors_without_self=nb), dict(local_sum=local, G=G, z=z, p_one_sided=p1, p_two_sided=p2,
         fdr_threshold_two_sided_0_05=t, class_fdr_0_05=[int(np.sign(a)) if p < t else 0 for a, p in zip(z, p2)] if ok.all() else None, bin_esri=bins))
    if not permutations: return
    w = W({i: l for i, l in enumerate(nb)}, silence_warnings=True); L = esda.Moran_Local(y, w, permutations=permutations, seed=int(rng.integers(1 << 30)), keep_simulations=False)
    isl = [i for i, l in enumerate(nb) if not l]; p = np.array(L.p_sim, float); p[isl] = np.nan; I = L.Is.copy(); I[isl] = 0; e, v = L.EIc.copy(), L.VIc.copy()
    with np.errstate(all='ignore'): zc = (I - e) / np.sqrt(v)
    for a in (e, v, zc): a[isl] = np.nan
    case('localmoran_' + name, 'local_moran', dict(n=n, y=y, neighbors=nb), dict(I=I, quadrant=L.q, EI_cond=e, VI_cond=v, z_cond=zc, p_sim_ref=p,
         p_ref_permutations=permutations, islands=isl, fdr_0_05_of_p_sim_ref=esda.fdr(p[np.isfinite(p)], .05)))
    for t in ('row', 'binary'):
        M = esda.Moran(y, w, transformation=t[0], permutations=0)
        case(f'moran_{name}_{t}', 'global_moran', dict(n=n, y=y, neighbors=nb, transform=t), dict(I=M.I, EI=M.EI, VI_norm=M.VI_norm, z_norm=M.z_norm, p_norm_two_sided=M.p_norm,
             VI_rand=M.VI_rand, z_rand=M.z_rand, p_rand_two_sided=M.p_rand))

def kde(name, n, nx, ny):
    xy = np.round(np.concatenate([rng.normal((400, 300), 80, (n // 2, 2)), rng.uniform(-100, 900, (n - n // 2, 2))]), 2); w = np.round(rng.uniform(.5, 4, n), 2); h = 90.
    x, y = np.meshgrid(-20 + (np.arange(nx) + .5) * 25, 10 + (np.arange(ny) + .5) * 25); at = np.c_[x.ravel(), y.ravel()]
    d = np.hypot(at[:, None, 0] - xy[None, :, 0], at[:, None, 1] - xy[None, :, 1]); u = d**2 / h**2
    expected = {k: np.exp(KernelDensity(kernel=k, bandwidth=h, rtol=0, atol=0).fit(xy, sample_weight=w).score_samples(at)) * w.sum() for k in ('gaussian', 'epanechnikov')}
    expected['quartic'] = np.where(u < 1, 3 / (np.pi * h**2) * (1 - u)**2, 0) @ w
    case(name, 'kde', dict(points=xy, weights=w, bandwidth=h, grid=dict(x0=-20., y0=10., cell=25., nx=nx, ny=ny)), expected)

def dbscan(name, n, ties):
    xy = rng.integers(0, 40, (n, 2)) * 5. if ties else np.round(np.concatenate([rng.normal(c, 12, (n // 4, 2)) for c in ((0, 0), (60, 10), (30, 70))] + [rng.uniform(-60, 120, (n - 3 * (n // 4), 2))]), 2)
    eps, least = (10., 5) if ties else (8., 5)
    m = DBSCAN(eps=eps, min_samples=least).fit(xy); core = np.zeros(n, bool); core[m.core_sample_indices_] = True; tied = {}
    for i in np.nonzero(~core & (m.labels_ >= 0))[0]:
        near = sorted({int(m.labels_[j]) for j in np.nonzero(core & (((xy - xy[i])**2).sum(1) <= eps**2))[0]})
        if len(near) > 1: tied[str(i)] = near
    case(name, 'dbscan', dict(points=xy, eps=eps, min_points=least), dict(labels=m.labels_, core=core, n_clusters=int(m.labels_.max() + 1), n_noise=int((m.labels_ < 0).sum()), border_ties=tied))

def trends(name):
    rows, series = [], [list(map(float, rng.poisson(2, 24))) for _ in range(4 * size)] + [[1., 1., 1., 1.], list(map(float, range(12)))]
    for x in series:
        x = np.array(x); n = len(x); S = sum(np.sign(x[j] - x[i]) for i in range(n) for j in range(i + 1, n)); _, t = np.unique(x, return_counts=True)
        V = (n * (n - 1) * (2 * n + 5) - (t * (t - 1) * (2 * t + 5)).sum()) / 18; z = (S - np.sign(S)) / np.sqrt(V) if V > 0 else 0.
        rows.append(dict(S=int(S), var=V, z=z, p_two_sided=2 * scipy.stats.norm.sf(abs(z))))
    case(name, 'mann_kendall', dict(series=series), dict(rows=rows))

def scan(name, cells, rows, prospective, sims):
    xy = np.round(rng.uniform(0, 5000, (cells, 2)), 1); k, most = 5, 3; d = np.hypot(*(xy[:, None] - xy[None]).transpose(2, 0, 1)); zones = []
    for i in range(cells):
        order = [i] + [int(j) for j in np.lexsort((np.arange(cells), d[i])) if j != i]
        for m in range(1, k + 1):
            zone = sorted(order[:m])
            if zone not in zones: zones.append(zone)
    B = rng.gamma(2, .6, cells)[None] * rng.uniform(.8, 1.2, (rows, 1)); C = rng.poisson(B); hit = zones[k - 2]; C[-2:, hit] += rng.poisson(1.5 + B[-2:, hit])
    wins = [(rows - e, rows) for e in range(1, most + 1)] if prospective else [(s, s + e) for e in range(1, most + 1) for s in range(rows - e + 1)]
    Z = np.zeros((len(zones), cells))
    for a, zone in enumerate(zones): Z[a, zone] = 1
    def score(C, B, pb):
        N = C.sum(); B = B * N / B.sum() if pb else B; res = []
        for s, e in wins:
            c, b = Z @ C[s:e].sum(0), Z @ B[s:e].sum(0)
            with np.errstate(all='ignore'):
                l = c * np.log(c / b) + (np.where(N > c, (N - c) * np.log((N - c) / (N - b)), 0) if pb else b - c)
            res.append((np.where(c > b, l, 0.), c, b))
        return res
    expected = {}
    for key in ('eb', 'pb'):
        r = score(C, B, key == 'pb'); flat = sorted(((r[w][0][a], w, a) for w in range(len(wins)) for a in range(len(zones)) if r[w][0][a] > 0), key=lambda t: (-t[0], t[1], t[2]))
        row = lambda t: dict(zone=zones[t[2]], start=wins[t[1]][0], end_exclusive=wins[t[1]][1], llr=t[0], observed=r[t[1]][1][t[2]], expected=r[t[1]][2][t[2]], relative_risk_eb=r[t[1]][1][t[2]] / r[t[1]][2][t[2]])
        used, apart = set(), []
        for t in flat:
            if len(apart) < 3 and not used & set(zones[t[2]]): used |= set(zones[t[2]]); apart.append(row(t))
        sim = [max(x[0].max() for x in score(rng.poisson(B) if key == 'eb' else rng.multinomial(C.sum(), (B / B.sum()).ravel()).reshape(B.shape), B, key == 'pb')) for _ in range(sims)]
        expected[key] = dict(max_llr=flat[0][0], n_windows=len(wins), n_zones=len(zones), top=[row(t) for t in flat[:6]], non_overlapping=apart, p_mc_ref=(1 + sum(m >= flat[0][0] for m in sim)) / (1 + sims), p_ref_sims=sims)
    case(name, 'space_time_scan', dict(counts=C, baseline=B, max_duration=most, prospective=prospective, points=xy, k=k, zones=zones), expected)

def fdr(name, p, alpha):
    t = esda.fdr(p, alpha); case(name, 'fdr', dict(p=p, alpha=alpha), dict(threshold=t, rejected=p <= t, n_rejected=int((p <= t).sum()), bh_adjusted=scipy.stats.false_discovery_control(p)))

def crs(name):
    rows = []
    for _ in range(4 * size):
        lon, lat = round(rng.uniform(100, 122), 6), round(rng.uniform(22, 42), 6); row = dict(lon=lon, lat=lat)
        # 3-degree zones by central meridian from 75 E, 6-degree zones from number 13.
        for key, code, (e, n) in (('epsg_3deg_cm', 4534 + round(lon / 3) - 25, ('east', 'north')), ('epsg_6deg_cm', 4502 + int(lon // 6) + 31 - 43, ('east6', 'north6'))):
            north, east = pyproj.Transformer.from_crs(4490, code).transform(lat, lon); row |= {key: code, e: east, n: north}
        row['web_mercator'] = list(pyproj.Transformer.from_crs(4326, 3857).transform(lat, lon)); rows.append(row)
    case(name, 'crs', dict(points=[[r['lon'], r['lat']] for r in rows]), dict(rows=rows), 'GCJ-02 and BD-09 are golden in src/geom/crs')

def early_warning(cells, weeks):
    """The recommended detector of the reference folder, step by step."""
    x = rng.poisson(np.exp(rng.normal(-.3, .8, (cells, 1))) * (1 + .3 * np.sin(np.arange(weeks) / 8)), (cells, weeks)).astype(float); x[2, 112:118] += 3
    omega, G, rho, F = .985, 6, 2.5, '0.25'; a, b, a0, b0 = np.zeros(cells), 0., None, None; mu, s, xc = np.zeros_like(x), np.zeros(weeks), np.zeros_like(x)
    for t in range(weeks):
        if t >= G + 1: a = omega * a + xc[:, t - G - 1]; b = omega * b + s[t - G - 1]
        if t >= 52 and (t - 52) % 13 == 0:
            r = a / b; M = r.mean(); V = max(r.var() - M / b, .001 * M * M); a0, b0 = M * M / V, M / V
        l = (a0 + a) / (b0 + b) if t >= 52 else x[:, :52].mean(1) + .05
        mu[:, t] = l * (x[:, t].sum() - x[:, t] + 20) / (l.sum() - l + 20); s[t] = (x[:, t].sum() + 20) / (l.sum() + 20)
        xc[:, t] = np.minimum(x[:, t], scipy.stats.poisson.ppf(.99, mu[:, t])) if t >= 52 else x[:, t]
    d, m = x[:, 60:104], mu[:, 60:104]; k = 1 / max(.001, ((d - m)**2 - m).sum() / (m * m).sum())
    table = dict(mu=[.1, .5, 1.5, 6.], h={F: [2.6, 3., 3.3, 3.4]}); h = np.interp(np.log(mu), np.log(table['mu']), table['h'][F]); S, run = np.zeros_like(x), np.zeros(cells)
    for t in range(weeks):
        run = np.minimum(h[:, t], np.maximum(0, run + x[:, t] * np.log(rho) - (x[:, t] + k) * np.log((rho * mu[:, t] + k) / (mu[:, t] + k)))); S[:, t] = run
    where = os.path.join(out, 'early_warning'); os.makedirs(where, exist_ok=True); np.savetxt(os.path.join(where, 'counts.csv'), x, fmt='%d', delimiter=',')
    pick = [0, 2, cells - 1]; values = dict(cells=pick, mu=mu[pick], week_factor=s, nb_k=k, h_target_far_0_25=h[pick], nb_cusum_rho_2_5_capped=S[pick], produced_by=versions)
    json.dump(null(values), open(os.path.join(where, 'reference_values.json'), 'w'), separators=(',', ':'))
    json.dump(dict(h_table=table, note='an invented table: what is tested is its use'), open(os.path.join(where, 'baseline_scores.json'), 'w'), separators=(',', ':'))

queen = contiguity('town', town(3 + 2 * size, False)); contiguity('town_dirty', town(3 + 2 * size, True))
n = len(queen); P = 9999 if size == 1 else 99999
gather('town_counts', rng.poisson(rng.gamma(2, .8, n)), queen, P); gather('town_rates', np.round(rng.normal(20, 6, n), 3), queen, P)
for a in range(size - 1):
    m = int(rng.integers(60, 900)); gather(f'links_{a}', rng.poisson(rng.gamma(1, 2, m)), links(m, int(rng.integers(3, 14))), P)
gather('equal', np.full(5, .1), [[1], [0, 2], [1, 3], [2, 4], [3]], 0)
fdr('fdr_some', np.round(np.concatenate([rng.uniform(0, .01, 6), rng.uniform(0, 1, 24)]), 5), .05); fdr('fdr_none', np.round(rng.uniform(.2, 1, 12), 4), .1)
kde('kde_town', 40 * size, 14, 11); dbscan('dbscan_town', 90 * size, False); dbscan('dbscan_ties', 120 * size, True)
trends('mann_kendall'); scan('scan_prospective', 15 * size, 8, True, 499); scan('scan_retrospective', 12 * size, 7, False, 499); crs('crs_china'); early_warning(9, 130)
json.dump(index, open(os.path.join(out, 'index.json'), 'w'), indent=1)
