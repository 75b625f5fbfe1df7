import type { RequestHandler } from 'express'
import helmet from 'helmet'

/**
 * What browsers are told about pages and answers for operators: nothing but our own files, no inline script or style, in no frame. `Referrer-Policy` is `same-origin` because under `no-referrer` a
 * form's own `Origin` becomes `null`, which `isForged` would refuse. That this host speaks https only is for the proxy to say, which does.
 */
export function securityHeaders(): RequestHandler {
  return helmet({
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: ["'none'"],
        scriptSrc: ["'self'"],
        styleSrc: ["'self'"],
        imgSrc: ["'self'"],
        connectSrc: ["'self'"],
        frameSrc: ["'self'"],
        formAction: ["'self'"],
        baseUri: ["'none'"],
        frameAncestors: ["'none'"],
      },
    },
    referrerPolicy: { policy: 'same-origin' },
    strictTransportSecurity: false,
    xFrameOptions: { action: 'deny' },
  })
}
