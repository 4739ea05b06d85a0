import { afterAll, beforeAll, expect, it } from 'vitest';
import { openOffice, type Office } from './office.ts';
let office: Office;
beforeAll(async () => {
  office = await openOffice();
});
afterAll(() => office.close());
it('smoke', async () => {
  console.log(office.app.printRoutes({ commonPrefix: false }));
  for (const url of [
    '/healthz',
    '/readyz',
    '/metrics',
    '/docs/json',
    '/v1/rates',
    '/v1/vendors',
    '/v1/clinicians',
    '/v1/assessments',
    '/v1/fees',
    '/v1/fees.csv',
    '/v1/audit',
    '/v1/keys',
    '/v1/imports',
    '/v1/evidence/weak',
    '/nothing',
    '/v1/rates/theranest/2026',
    '/v1/rates/theranest/1',
    '/v1/assessments/preview?vendor=theranest&year=2027',
  ]) {
    const a = await office.ask('GET', url);
    console.log(url, a.status, a.text.slice(0, 300));
  }
  const put = await office.ask('PUT', '/v1/clinicians', {
    body: 'ref,name,email,vendor\r\nA1,Ann Lee,ann@x.example,TheraNest\r\nA2,=cmd(),x,foo\r\n',
    headers: { 'content-type': 'text/csv' },
  });
  console.log(put.status, put.text);
  const open = await office.ask('POST', '/v1/assessments', {
    body: { vendor: 'theranest', year: 2026 },
  });
  console.log(open.status, open.text);
  const imp = await office.ask('POST', '/v1/imports?fileName=a.csv', {
    body: 'Date of Service,Clinician,Billing Code\n2026-01-05,Ann Lee,90837\n',
    headers: { 'content-type': 'text/csv' },
  });
  console.log(imp.status, imp.text);
  console.log(office.log());
});
