// Pages by address. Nobody signed in: the sign-in page, and back to where one wanted to go.
import { createRouter, createWebHistory, type RouteLocationRaw } from 'vue-router'
import { useSession } from './state/session'
import { firstOf, workspacesOf } from './state/workspaces'

const map = () => import('./views/MapView.vue')
const NotFound = () => import('./views/NotFound.vue')

export const router = createRouter({
  history: createWebHistory(),
  routes: [
    { path: '/', name: 'first', component: NotFound }, // never shown: led on below
    // one component, so that the map stays while the workspace beside it changes
    { path: '/today', name: 'today', component: map, meta: { workspace: 'today', map: true } },
    { path: '/map', name: 'map', component: map, meta: { workspace: 'map', map: true } },
    { path: '/disputes', name: 'disputes', component: map, meta: { workspace: 'disputes', map: true } },
    { path: '/data', name: 'data', component: map, meta: { workspace: 'data', map: true } },
    { path: '/screen', name: 'screen', component: () => import('./views/LargeScreen.vue') },
    { path: '/admin/:tab?', name: 'admin', component: () => import('./views/AdminView.vue'), meta: { workspace: 'admin' } },
    { path: '/api/docs', name: 'docs', component: () => import('./views/ApiDocs.vue') },
    { path: '/audit', name: 'audit', component: () => import('./views/AuditTrail.vue'), meta: { workspace: 'admin' } },
    { path: '/sign-in', name: 'sign-in', component: () => import('./views/SignIn.vue'), meta: { open: true } },
    { path: '/password', name: 'password', component: () => import('./views/ChangePassword.vue') },
    { path: '/:rest(.*)', name: 'not-found', component: NotFound, meta: { open: true } },
  ],
})

/** What the first picture needs is asked for while the code of the map is still on its way; who waits for it hears its trouble. */
async function begin() {
  const { me, loadCodes } = useSession()
  if (!me?.rights.map || !me.home.bbox) return
  void loadCodes().catch(() => {})
  const { useStatistics } = await import('./state/statistics')
  useStatistics().begin(me.home.bbox)
}

router.beforeEach(async (to, from): Promise<boolean | RouteLocationRaw> => {
  const session = useSession()
  let signedIn = false
  // its code is fetched while the server is asked who this is
  if (to.meta.map && session.mayBeIn()) void map().catch(() => {})
  try {
    signedIn = await session.resume()
  } catch {
    // the server is away: the sign-in form says so when it is used
  }
  if (!signedIn && !to.meta.open) {
    return { name: 'sign-in', query: ['/', '/map', '/today'].includes(to.path) && !Object.keys(to.query).length ? {} : { next: to.fullPath } }
  }
  if (signedIn && session.mustChange && to.name !== 'password') return { name: 'password', query: { next: to.query.next ?? to.fullPath } }
  const rights = session.me?.rights
  if (rights && to.name === 'first') return { name: firstOf(rights), query: to.query }
  // who has no map begins with what there is; a workspace that one may not use is not shown
  if (rights && to.name === 'map' && !rights.map && firstOf(rights) !== 'map') return { name: firstOf(rights) }
  if (rights && ['today', 'disputes', 'data'].includes(String(to.name)) && !workspacesOf(rights).some(({ name }) => name === to.name)) return { name: 'map', query: to.query }
  if (signedIn && to.name === 'sign-in') return safeNext(to.query.next)
  if (to.meta.map && !from.meta.map) void begin().catch(() => {})
  return true
})

/** Only a path of this page: a link must not lead elsewhere after signing in. */
export function safeNext(next: unknown): string {
  return typeof next === 'string' && /^\/(?![/\\])/.test(next) && !next.startsWith('/sign-in') && !next.startsWith('/password') ? next : '/'
}
