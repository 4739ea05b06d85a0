import { createHmac, timingSafeEqual } from 'node:crypto';

/**
 * Links by which a clinician gives another card, without a login: they name the fee and are signed,
 * so that nobody can guess one. They stay valid, since the letters they stand in do.
 *
 * @param publicUrl  where people reach the API, without a slash at the end
 * @param secret  the installation's own secret
 */
export function createCardLinks({ publicUrl, secret }: { publicUrl: string; secret: string }) {
  const sign = (feeId: string): string =>
    createHmac('sha256', secret).update(`card-link ${feeId}`).digest('base64url');
  return {
    linkFor: (feeId: string): string => `${publicUrl}/card/${feeId}.${sign(feeId)}`,

    /** The fee a link's last part names, or null when it was not made here. */
    feeOf(token: string): string | null {
      const [feeId = '', signature = ''] = token.split('.');
      const given = Buffer.from(signature);
      const right = Buffer.from(sign(feeId));
      return given.length === right.length && timingSafeEqual(given, right) ? feeId : null;
    },
  };
}
