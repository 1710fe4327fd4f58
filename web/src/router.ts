// Pages by address. Nobody signed in: the sign-in page, and back to where one wanted to go.
import { createRouter, createWebHistory, type RouteLocationRaw } from 'vue-router'
import { useSession } from './state/session'

export const router = createRouter({
  history: createWebHistory(),
  routes: [
    { path: '/', redirect: (to) => ({ path: '/map', query: to.query }) },
    { path: '/map', name: 'map', component: () => import('./views/MapView.vue') },
    { path: '/api/docs', name: 'docs', component: () => import('./views/ApiDocs.vue') },
    { path: '/audit', name: 'audit', component: () => import('./views/AuditTrail.vue') },
    { path: '/sign-in', name: 'sign-in', component: () => import('./views/SignIn.vue'), meta: { open: true } },
    { path: '/password', name: 'password', component: () => import('./views/ChangePassword.vue') },
    { path: '/:rest(.*)', name: 'not-found', component: () => import('./views/NotFound.vue'), meta: { open: true } },
  ],
})

router.beforeEach(async (to): Promise<boolean | RouteLocationRaw> => {
  const session = useSession()
  let signedIn = false
  try {
    signedIn = await session.resume()
  } catch {
    // the server is away: the sign-in form says so when it is used
  }
  if (!signedIn && !to.meta.open) {
    return { name: 'sign-in', query: to.path === '/map' && !Object.keys(to.query).length ? {} : { next: to.fullPath } }
  }
  if (signedIn && session.mustChange && to.name !== 'password') return { name: 'password', query: { next: to.query.next ?? to.fullPath } }
  // who may read the trail and no map begins there
  if (signedIn && to.name === 'map' && session.me?.rights.audit && !session.me.rights.map) return { name: 'audit' }
  if (signedIn && to.name === 'sign-in') return safeNext(to.query.next)
  return true
})

/** Only a path of this page: a link must not lead elsewhere after signing in. */
export function safeNext(next: unknown): string {
  return typeof next === 'string' && /^\/(?![/\\])/.test(next) && !next.startsWith('/sign-in') && !next.startsWith('/password') ? next : '/map'
}
