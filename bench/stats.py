#!/usr/bin/env python3
"""Our statistics beside the reference packages, on the same inputs, in one run.

  python3 -m venv target/stats-venv && target/stats-venv/bin/pip install esda==2.8.2 numba libpysal==4.14.1 geopandas scikit-learn scipy
  target/stats-venv/bin/python bench/stats.py BINARY [DIR] [--short]     BINARY: the built bench `stats` (see bench/README.md)
                                                         --short: without scikit-learn's Gaussian, some minutes of CPU

Prints the table of bench/README.md. CPU is that of the whole process; each task runs once to warm up (numba compiles),
then so often that the median stands. Ours and theirs take turns so that the load of the machine falls on both."""
import os, subprocess, sys, tempfile, time, warnings
import numpy as np
warnings.filterwarnings('ignore')
import esda, geopandas, shapely, sklearn
from libpysal.graph import Graph
from libpysal.weights import W
from sklearn.cluster import DBSCAN
from sklearn.neighbors import KernelDensity

short = '--short' in sys.argv
words = [word for word in sys.argv[1:] if word != '--short']
binary, home = words[0], words[1] if len(words) > 1 else tempfile.mkdtemp()
rng = np.random.default_rng(20261)

def write(name, array): np.ascontiguousarray(array, dtype='<f8').tofile(os.path.join(home, name))

side = 71
corner = np.stack(np.meshgrid(np.arange(side + 1), np.arange(side + 1), indexing='ij'), -1) * 280. + rng.uniform(0, 120, (side + 1, side + 1, 2))
rings = np.stack([corner[:-1, :-1], corner[1:, :-1], corner[1:, 1:], corner[:-1, 1:], corner[:-1, :-1]], 2).reshape(-1, 5, 2)
denominators = np.round(rng.uniform(50, 450, side * side)); values = rng.poisson(denominators * .02).astype(float)
points = np.concatenate([np.concatenate([rng.normal(c, rng.uniform(80, 600), (1000, 2)) for c in rng.uniform(500, 20000, (200, 2))]), rng.uniform(0, 20480, (100000, 2))])
places = rng.uniform(0, 20000, (2000, 2)); baseline = np.tile(rng.gamma(2, .25, 2000), (12, 1)) * rng.uniform(.8, 1.2, (12, 1)); counts = rng.poisson(baseline).astype(float)
for name, array in (('cells', rings), ('values', values), ('denominators', denominators), ('points', points), ('scan_places', places), ('scan_baseline', baseline), ('scan_counts', counts)): write(name + '.f64', array)

def ours():
    out = subprocess.run([binary], env=os.environ | dict(STATS_BENCH_DIR=home), capture_output=True, text=True, check=True).stdout
    return {line.split()[0]: tuple(map(float, line.split()[1:])) for line in out.splitlines()}

def timed(work, rounds):
    times = []
    for _ in range(rounds):
        cpu, wall = time.process_time(), time.perf_counter(); result = work(); times.append((time.process_time() - cpu, time.perf_counter() - wall))
    return tuple(np.median(times, 0)), result

shapes = geopandas.GeoSeries(shapely.polygons(rings)); nb = {i: [] for i in range(side * side)}
for i in range(side):
    for j in range(side): nb[i * side + j] = sorted(a * side + b for a in range(max(i - 1, 0), min(i + 2, side)) for b in range(max(j - 1, 0), min(j + 2, side)) if (a, b) != (i, j))
star = W({i: [i] + l for i, l in nb.items()}, silence_warnings=True); plain = W(nb, silence_warnings=True)
x, y = np.meshgrid((np.arange(512) + .5) * 40, (np.arange(512) + .5) * 40); at = np.c_[x.ravel(), y.ravel()]

d2 = ((places[:, None] - places[None])**2).sum(2); order = np.argsort(d2, axis=1, kind='stable')[:, :30]
def best(counts, B):
    C = np.cumsum(counts[::-1], 0)[:, order].cumsum(2)
    with np.errstate(all='ignore'): return np.where(C > B, C * np.log(C / B) + B - C, 0).max()
def scan(sims):
    B = np.cumsum(baseline[::-1], 0)[:, order].cumsum(2); r = np.random.default_rng(1); top = best(counts, B)
    return top, sum(best(r.poisson(baseline), B) >= top for _ in range(sims))

theirs, checks = {}, []
def peer(name, work, rounds, warm=True):
    if warm: work()
    theirs[name], result = timed(work, rounds); print(name, *('%.6f' % t for t in theirs[name]), file=sys.stderr, flush=True); return result

first = ours()
peer('gi_star', lambda: esda.G_Local(values, plain, transform='B', star=True, permutations=0), 5)
peer('gi_star_self', lambda: esda.G_Local(values, star, transform='B', star=True, permutations=0), 5)
peer('gi_star_999', lambda: esda.G_Local(values, star, transform='B', star=True, permutations=999, keep_simulations=False, n_jobs=1, seed=1), 5)
peer('local_moran_999', lambda: esda.Moran_Local(values, plain, permutations=999, keep_simulations=False, n_jobs=1, seed=1), 5)
queen = peer('queen', lambda: Graph.build_contiguity(shapes, rook=False), 5)
labels = peer('dbscan', lambda: DBSCAN(eps=60, min_samples=10).fit(points).labels_, 3, False)
top, _ = peer('scan_999', lambda: scan(999), 1, False)
flat = peer('kde_epanechnikov', lambda: np.exp(KernelDensity(kernel='epanechnikov', bandwidth=300).fit(points).score_samples(at)) * len(points), 1, False)
gauss = None if short else peer('kde_gaussian_cut', lambda: np.exp(KernelDensity(kernel='gaussian', bandwidth=300, rtol=1e-4).fit(points).score_samples(at)) * len(points), 1, False)
second = ours()
theirs['kde_quartic'] = theirs['kde_epanechnikov']
our = {k: tuple(np.minimum(first[k], second[k])) for k in first}
our['gi_star_self'] = our['gi_star']

load = lambda name, kind: np.fromfile(os.path.join(home, name), kind)
checks.append(f"queen: {int(our['check_links'][0])} links beside {int((queen.adjacency > 0).sum())}")
checks.append(f"DBSCAN: {(load('our_labels.i64', '<i8') != labels).sum()} of {len(labels)} labels differ")
checks.append(f"Epanechnikov: off by {np.abs(load('our_epanechnikov.f64', '<f8') - flat).max() / flat.max():.1e} of the maximum")
if not short: checks.append(f"Gaussian: off by {np.abs(load('our_gaussian.f64', '<f8') - gauss).max() / gauss.max():.1e} of the maximum")
checks.append(f"scan: highest score {our['check_scan_llr'][0]:.12g} beside {top:.12g}, {int(our['check_zones'][0])} zones")

bars = [('gi_star', 'Gi* analytic, 5,041 cells, weights ready', 'esda, queen weights', 'cpu', 1000), ('gi_star_self', 'the same, every cell written among its own neighbours before', 'esda', 'cpu', 0), ('gi_star_999', 'Gi*, 999 permutations', 'esda (numba)', 'cpu', 15),
        ('local_moran_999', 'local Moran, 999 conditional permutations', 'esda (numba)', 'wall', 8), ('queen', 'queen contiguity, 5,041 polygons', 'libpysal Graph', 'cpu', 10),
        ('kde_quartic', 'KDE 300,000 points, 512 × 512, h 300 m, quartic', 'scikit-learn (Epanechnikov)', 'cpu', 200), ('kde_epanechnikov', 'the same, Epanechnikov', 'scikit-learn', 'cpu', 200),
        ('kde_gaussian_cut', 'the same, Gaussian cut at 4.5 h', 'scikit-learn rtol 1e-4', 'cpu', 150), ('dbscan', 'DBSCAN 300,000, eps 60 m, min 10', 'scikit-learn', 'wall', 30),
        ('scan_999', 'prospective scan, 2,000 cells × 12 weeks, 999 simulations', 'numpy', 'wall', 8)]
digits = lambda s: f'{s:.2g}' if s < 1 else f'{s:.1f}'
print(f'esda {esda.__version__}, scikit-learn {sklearn.__version__}, numpy {np.__version__}, shapely {shapely.__version__}; load {os.getloadavg()[0]:.1f}\n')
print('| task | reference | its CPU s · wall s | ours CPU s · wall s | CPU ratio | wall ratio | wanted |\n|---|---|---|---|---|---|---|')
for key, what, who, by, bar in bars:
    if key not in theirs: continue
    (c, w), (oc, ow) = theirs[key], our[key]; met = (c / oc if by == 'cpu' else w / ow) >= bar
    print(f'| {what} | {who} | {digits(c)} · {digits(w)} | {digits(oc)} · {digits(ow)} | {c / oc:,.0f} | {w / ow:,.0f} | {f"{by} ≥ {bar:,}" if bar else "–"}{"" if met else " **missed**"} |')
for key in ('queen_snapped', 'hot_spots', 'early_warning', 'alarm_lines_400'):
    print(f'| {key} | – | – | {digits(our[key][0])} · {digits(our[key][1])} | – | – | – |')
print('\n' + '\n'.join('- ' + c for c in checks))
